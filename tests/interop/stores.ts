import { run } from "./child.ts";
import { type Program, program } from "./programs.ts";
import type { Ports } from "./publishers.ts";
import { openWebSocket } from "./websocket.ts";

/** One way to set the state of a topic to the contents of a file, and to clear it. */
export interface Store {
  readonly needs: readonly Program[];
  put(ports: Ports, topic: string, file: string): Promise<void>;
  clear(ports: Ports, topic: string): Promise<void>;
}

/** What stores, by the protocol it speaks. */
export const stores: Record<string, Store> = {
  MQTT: {
    needs: ["mosquitto_pub"],
    put: ({ mqtt }, topic, file) => mosquitto(mqtt, topic, "-f", file),
    clear: ({ mqtt }, topic) => mosquitto(mqtt, topic, "-n"),
  },
  WebSocket: {
    needs: [],
    async put(ports, topic, file) {
      await operate(ports, topic, (await Deno.readFile(file)).toBase64());
    },
    clear: (ports, topic) => operate(ports, topic, ""),
  },
  HTTP: {
    needs: ["curl"],
    put: (ports, topic, file) => curl(ports, topic, "--upload-file", file),
    clear: (ports, topic) => curl(ports, topic, "-X", "DELETE"),
  },
  CoAP: coapClient(({ coap }) => `coap://127.0.0.1:${coap}`),
  "CoAP-TCP": coapClient(({ coapTcp }) => `coap+tcp://127.0.0.1:${coapTcp}`),
};

async function mosquitto(port: number, topic: string, ...args: string[]): Promise<void> {
  await run(program("mosquitto_pub"), "-p", `${port}`, "-t", topic, "-q", "1", "-r", ...args);
}

async function curl({ http }: Ports, topic: string, ...args: string[]): Promise<void> {
  const url = `http://127.0.0.1:${http}/topics/${topic}`;
  await run(program("curl"), "-sS", "--fail-with-body", ...args, url);
}

function coapClient(base: (ports: Ports) => string): Store {
  const ask = async (ports: Ports, topic: string, ...args: string[]) => {
    await run(program("coap-client"), ...args, `${base(ports)}/topics/${topic}`);
  };
  return {
    needs: ["coap-client"],
    put: (ports, topic, file) => ask(ports, topic, "-m", "put", "-f", file),
    clear: (ports, topic) => ask(ports, topic, "-m", "delete"),
  };
}

async function operate({ http }: Ports, topic: string, payload: string): Promise<void> {
  const open = await openWebSocket(`ws://127.0.0.1:${http}/topics/`, "json");
  const wish = { op: "publish", id: 1, topic, payload, encoding: "base64", retain: true, qos: 1 };
  open.socket.send(JSON.stringify(wish));
  const [answer] = await open.received(1);
  open.socket.close();
  await open.closed;
  const said = new TextDecoder().decode(answer);
  if (JSON.parse(said).op !== "ack") throw new Error(`The answer was ${said}`);
}
