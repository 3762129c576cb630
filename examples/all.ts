/**
 * Everything on two ports: all share one of TCP, and CoAP has one of UDP, too.
 *
 *   deno run -A examples/all.ts
 *   mosquitto_sub -p 8000 -v -t '#'
 *   curl -d hello http://127.0.0.1:8000/topics/greeting
 *   coap-client -m put -e 21.5 coap://127.0.0.1/topics/room/temperature
 *   coap-client coap+tcp://127.0.0.1:8000/topics/room/temperature
 *
 * Try: curl http://127.0.0.1:8000/tree, which shows every connection as the actor that it is.
 */
import { any, coap, gateway, tcp, udp } from "../mod.ts";

export async function main(ports = { tcp: 8000, udp: 5683 }) {
  const hub = gateway();
  const streams = hub.listen(tcp({ port: ports.tcp }), any());
  const datagrams = hub.listen(udp({ port: ports.udp }), coap());

  hub.subscribe("#topic", (message, { topic }) => console.log(topic, message.text()));
  hub.handle("/tree", () => Response.json(hub.tree()));

  const [{ port }, { port: udpPort }] = await Promise.all([streams.ready, datagrams.ready]);
  console.log(`MQTT, HTTP, WebSocket and CoAP on TCP port ${port}, CoAP on UDP port ${udpPort}`);
  return { hub, ports: { tcp: port, udp: udpPort } };
}

if (import.meta.main) await main();
