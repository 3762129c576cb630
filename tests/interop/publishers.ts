import { type Program, program } from "./programs.ts";
import { run } from "./child.ts";
import { openWebSocket } from "./websocket.ts";

/** The ports of a gateway on loopback. */
export interface Ports {
  mqtt: number;
  http: number;
  coap: number;
  coapTcp: number;
}

/** One way to publish the contents of a file. */
export interface Publisher {
  readonly needs: readonly Program[];
  publish(ports: Ports, topic: string, file: string): Promise<void>;
}

/** What publishes, by the protocol it speaks. */
export const publishers: Record<string, Publisher> = {
  MQTT: {
    needs: ["mosquitto_pub"],
    async publish({ mqtt }, topic, file) {
      await run(program("mosquitto_pub"), "-p", `${mqtt}`, "-t", topic, "-q", "1", "-f", file);
    },
  },
  WebSocket: {
    needs: [],
    async publish({ http }, topic, file) {
      const { socket, closed } = await openWebSocket(`ws://127.0.0.1:${http}/topics/${topic}`);
      socket.send(await Deno.readFile(file));
      socket.close();
      await closed;
    },
  },
  HTTP: {
    needs: ["curl"],
    async publish({ http }, topic, file) {
      const url = `http://127.0.0.1:${http}/topics/${topic}`;
      await run(program("curl"), "-sS", "--fail-with-body", "--data-binary", `@${file}`, url);
    },
  },
  CoAP: coapClient(({ coap }) => `coap://127.0.0.1:${coap}`),
  "CoAP-TCP": coapClient(({ coapTcp }) => `coap+tcp://127.0.0.1:${coapTcp}`),
};

function coapClient(base: (ports: Ports) => string): Publisher {
  return {
    needs: ["coap-client"],
    async publish(ports, topic, file) {
      const url = `${base(ports)}/topics/${topic}`;
      const { stdout, stderr } = await run(program("coap-client"), "-m", "post", "-f", file, url);
      // It ends with 0 whatever the answer is, and prints one that is not a success.
      const said = new TextDecoder().decode(stdout) + stderr;
      if (said !== "") throw new Error(`coap-client said: ${said}`);
    },
  };
}
