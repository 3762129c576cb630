/**
 * A CoAP sensor, seen by MQTT subscribers.
 *
 *   deno run -A examples/coap_sensor.ts
 *   mosquitto_sub -v -t 'greenhouse/#'
 *
 * The sensor sends one datagram each second and needs no broker, no connection, no library.
 *
 * Try: coap-client -s 10 coap://127.0.0.1/topics/greenhouse/temperature, which observes it by CoAP.
 */
import { coap, gateway, mqtt, tcp, udp } from "../mod.ts";

export async function main(ports = { coap: 5683, mqtt: 1883 }) {
  const hub = gateway();
  const endpoint = hub.listen(udp({ port: ports.coap }), coap());
  const broker = hub.listen(tcp({ port: ports.mqtt }), mqtt());
  const [{ port }, { port: mqttPort }] = await Promise.all([endpoint.ready, broker.ready]);

  // A real sensor is a machine of its own. This one is an actor, so it ends when the gateway does.
  hub.spawn("sensor", (self) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    self.defer(() => socket.close());
    const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
    let id = 0;
    const measure = () => {
      const celsius = (21 + Math.sin(id / 10)).toFixed(1);
      // A datagram that cannot be sent is a reading less; the next one follows.
      socket.send(put("topics/greenhouse/temperature", celsius, id++), to).catch(() => {});
    };
    const timer = setInterval(() => self.turn(measure), 1000);
    self.defer(() => clearInterval(timer));
    measure();
    return { receive() {} };
  });

  console.log(`CoAP on port ${port}, MQTT on port ${mqttPort}: mosquitto_sub -v -t 'greenhouse/#'`);
  return { hub, ports: { coap: port, mqtt: mqttPort } };
}

/** A whole PUT (RFC 7252 §3): a header of four bytes, a path, a payload. */
function put(path: string, payload: string, id: number): Uint8Array {
  const utf8 = new TextEncoder();
  const bytes = [0x50, 0x03, id >> 8 & 0xff, id & 0xff]; // version 1 without ACK; PUT; message id
  let delta = 11; // the option Uri-Path, of which the others are 0 away
  for (const level of path.split("/")) {
    bytes.push(delta << 4 | level.length, ...utf8.encode(level)); // up to 12 letters fit like this
    delta = 0;
  }
  return Uint8Array.from([...bytes, 0xff, ...utf8.encode(payload)]);
}

if (import.meta.main) await main();
