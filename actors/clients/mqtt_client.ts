import { type ClientTls, type Dial, dial as dialTarget } from "./dial.ts";
import { dialingDuplex } from "./dialing_duplex.ts";
import type { ClientOptions, MqttClient } from "./npm_mqtt.d.ts";
import { PacketStore } from "./packet_store.ts";
import { PlainStream } from "./plain_stream.ts";
import { parseTarget } from "../../protocols/mqtt/url.ts";

/** How to reach a server: by its URL, or by a stream made elsewhere. */
interface Reach {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  url: string;
  tls?: ClientTls;
  /** Makes the stream, in place of what the URL says. */
  dial?: Dial;
}

/** What is the same for all of our clients. */
const usual: ClientOptions = {
  // The user of the client dials again, after pauses of its own. 23 days stand for never: with 0
  // npm:mqtt would throw away what is not acknowledged.
  reconnectPeriod: 2_000_000_000,
  manualConnect: true,
  resubscribe: false,
  queueQoSZero: false,
  // One ping in each period, whatever else was said: moving the timer with each packet costs more.
  reschedulePings: false,
  // Not a worker, which keeps the time for browser pages in the background.
  timerVariant: "native",
  log: () => {},
};

/** A client that connects whenever, and only when, `connect()` is called. */
export async function mqttClient(
  reach: Reach,
  options: ClientOptions,
  failed: (error: Error) => void,
): Promise<MqttClient> {
  // Not at the top: a process without such a client pays neither the time nor the memory.
  const { MqttClient } = await import("./npm_mqtt.ts");
  const dial = dialOf(reach, failed);
  const watched: Dial = async (signal) => {
    try {
      return await dial(signal);
    } catch (error) {
      failed(error as Error);
      throw error;
    }
  };
  const stores = { outgoingStore: new PacketStore(), incomingStore: new PacketStore() };
  return new MqttClient(() => dialingDuplex(watched), {
    ...usual,
    ...stores,
    ...options,
  });
}

function dialOf({ url, tls, dial }: Reach, failed: (error: Error) => void): Dial {
  if (dial !== undefined) return dial;
  const target = parseTarget(url);
  return async (signal) => {
    const stream = await dialTarget(target, { tls, signal });
    return target.tls || target.websocket ? stream : new PlainStream(stream, failed);
  };
}
