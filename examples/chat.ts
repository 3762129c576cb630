/**
 * A chat room in a browser page, which MQTT clients can join.
 *
 *   deno run -A examples/chat.ts
 *
 * Open http://127.0.0.1:8080/ in two windows and talk. Then join from a terminal:
 *
 *   mosquitto_sub -t chat/lobby
 *   mosquitto_pub -t chat/lobby -m 'Ann: hello from MQTT'
 *
 * Try: <b>bold</b> as a message; a page that is open while this program is stopped and started.
 */
import { gateway, http, mqtt, tcp } from "../mod.ts";
import page from "./chat.html" with { type: "text" };

export async function main(ports = { http: 8080, mqtt: 1883 }) {
  const hub = gateway();
  const web = hub.listen(tcp({ port: ports.http }), http());
  const broker = hub.listen(tcp({ port: ports.mqtt }), mqtt());

  // The page talks to /topics/chat/lobby by WebSocket: nothing else has to be served.
  hub.handle("/", () => new Response(page, { headers: { "content-type": "text/html" } }));

  // "+room" names a level of the topic, for people and for the type checker.
  hub.subscribe("chat/+room", (message, { room }) => console.log(`${room} | ${message.text()}`));

  const [{ port }, { port: mqttPort }] = await Promise.all([web.ready, broker.ready]);
  console.log(`Chat at http://127.0.0.1:${port}/ and, for MQTT, on port ${mqttPort}`);
  return { hub, ports: { http: port, mqtt: mqttPort } };
}

if (import.meta.main) await main();
