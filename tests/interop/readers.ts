import { run } from "./child.ts";
import { followings } from "./followers.ts";
import { type Program, program } from "./programs.ts";
import type { Ports } from "./publishers.ts";

/** One way to read the state of a topic, a value of `bytes` bytes. */
export interface StateReader {
  readonly needs: readonly Program[];
  read(ports: Ports, topic: string, bytes: number): Promise<Uint8Array>;
}

/** What reads, by the protocol it speaks. */
export const readers: Record<string, StateReader> = {
  MQTT: firstOf("MQTT"),
  WebSocket: firstOf("WebSocket"),
  HTTP: {
    needs: ["curl"],
    async read({ http }, topic) {
      const url = `http://127.0.0.1:${http}/topics/${topic}`;
      return (await run(program("curl"), "-sS", "--fail", url)).stdout;
    },
  },
  CoAP: coapClient(({ coap }) => `coap://127.0.0.1:${coap}`),
  "CoAP-TCP": coapClient(({ coapTcp }) => `coap+tcp://127.0.0.1:${coapTcp}`),
};

function coapClient(base: (ports: Ports) => string): StateReader {
  return {
    needs: ["coap-client"],
    async read(ports, topic) {
      const url = `${base(ports)}/topics/${topic}`;
      return (await run(program("coap-client"), "-o", "-", url)).stdout;
    },
  };
}

/** Subscribes, because the stored value arrives first. */
function firstOf(protocol: string): StateReader {
  const { needs, follow } = followings[protocol]!;
  return {
    needs,
    async read(ports, topic, bytes) {
      await using follower = await follow(ports, topic);
      return await follower.received(bytes);
    },
  };
}
