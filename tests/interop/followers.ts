import { Child } from "./child.ts";
import { type Program, program } from "./programs.ts";
import type { Ports } from "./publishers.ts";
import { openWebSocket } from "./websocket.ts";

/** Somebody who follows a topic. */
export interface Follower extends AsyncDisposable {
  /** Resolves with all payloads so far, joined, once they have this many bytes. */
  received(bytes: number): Promise<Uint8Array>;
}

/** One way to follow a topic, from its stored value on. */
export interface Following {
  readonly needs: readonly Program[];
  follow(ports: Ports, topic: string): Promise<Follower> | Follower;
}

/** What follows, by the protocol it speaks. */
export const followings: Record<string, Following> = {
  MQTT: {
    needs: ["mosquitto_sub"],
    follow: ({ mqtt }, topic) =>
      // One line of hexadecimal digits for each message.
      followWith("mosquitto_sub", ["-p", `${mqtt}`, "-t", topic, "-q", "1", "-F", "%x"], hex),
  },
  WebSocket: {
    needs: [],
    async follow({ http }, topic) {
      const open = await openWebSocket(`ws://127.0.0.1:${http}/topics/${topic}`);
      return {
        async received(bytes) {
          for (let count = 1;; count++) {
            const all = join(await open.received(count));
            if (all.length >= bytes) return join(open.messages);
          }
        },
        async [Symbol.asyncDispose]() {
          open.socket.close();
          await open.closed;
        },
      };
    },
  },
  HTTP: {
    needs: ["curl"],
    follow({ http }, topic) {
      const url = `http://127.0.0.1:${http}/topics/${topic}`;
      return followWith("curl", ["-sSN", "-H", "Accept: text/event-stream", url], events);
    },
  },
  CoAP: coapClient(({ coap }) => `coap://127.0.0.1:${coap}`),
  "CoAP-TCP": coapClient(({ coapTcp }) => `coap+tcp://127.0.0.1:${coapTcp}`),
};

function coapClient(base: (ports: Ports) => string): Following {
  return {
    needs: ["coap-client"],
    follow(ports, topic) {
      const args = ["-s", "60", "-o", "-", `${base(ports)}/topics/${topic}`];
      return followWith("coap-client", args, (stdout) => stdout);
    },
  };
}

/** A program that follows; `payloads` finds them, joined, in what it prints. */
function followWith(
  name: Program,
  args: string[],
  payloads: (stdout: Uint8Array) => Uint8Array,
): Follower {
  const child = new Child(program(name), args);
  return {
    received: (bytes) =>
      child.until(`${bytes} bytes`, () => {
        const all = payloads(child.stdout);
        return all.length >= bytes ? all : undefined;
      }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function hex(stdout: Uint8Array): Uint8Array {
  const lines = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
  return Uint8Array.fromHex(lines.join(""));
}

/** The payloads of server-sent events. */
function events(stdout: Uint8Array): Uint8Array {
  const lines = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
  const data = lines.filter((line) => line.startsWith("data: "));
  return join(data.map((line) => {
    const { payload, encoding } = JSON.parse(line.slice(6));
    return encoding === "base64"
      ? Uint8Array.fromBase64(payload)
      : new TextEncoder().encode(payload);
  }));
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
