import { type ClientTls, type Dial, dial as dialTarget } from "./dial.ts";
import { dialingDuplex } from "./dialing_duplex.ts";
import type { ClientOptions, MqttClient } from "./npm_mqtt.d.ts";
import { PacketStore } from "./packet_store.ts";
import { parseTarget } from "../../protocols/mqtt/url.ts";

/** How to reach a server: by its URL, or by a stream made elsewhere. */
export interface Reach {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  url: string;
  tls?: ClientTls;
  /** Makes the stream, in place of what the URL says. */
  dial?: Dial;
}

/** What is the same for all of our clients. */
const usual: ClientOptions = {
  // Whoever uses the client dials again, after a pause of its own choice; and this long a period
  // tells npm:mqtt to keep what is not acknowledged.
  reconnectPeriod: 2_000_000_000,
  manualConnect: true,
  resubscribe: false,
  queueQoSZero: false,
  // One ping in each period, whatever else was said: a timer for every packet costs more than it.
  reschedulePings: false,
  // A worker that keeps time is for pages in the background.
  timerVariant: "native",
  log: () => {},
};

/** A client that waits for `connect()`, and after each end for the next. */
export async function mqttClient(
  reach: Reach,
  options: ClientOptions,
  failed: (error: Error) => void,
): Promise<MqttClient> {
  // Here and not above: who has no client pays neither the time nor the memory.
  const { MqttClient } = await import("./npm_mqtt.ts");
  const dial = dialOf(reach);
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

function dialOf({ url, tls, dial }: Reach): Dial {
  if (dial !== undefined) return dial;
  const target = parseTarget(url);
  return (signal) => dialTarget(target, { tls, signal });
}
