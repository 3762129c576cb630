import { coap, coapStream, type gateway, http, mqtt, tcp, udp } from "../../mod.ts";
import type { Ports } from "./publishers.ts";

export type Hub = ReturnType<typeof gateway>;

/** Listens with every protocol, on ports that the system chooses. */
export async function listenToAll(hub: Hub): Promise<Ports> {
  const listening = [
    hub.listen(tcp({ port: 0 }), mqtt()),
    hub.listen(tcp({ port: 0 }), http()),
    hub.listen(udp({ port: 0 }), coap()),
    hub.listen(tcp({ port: 0 }), coapStream()),
  ];
  const [first, second, third, fourth] = await Promise.all(listening.map(({ ready }) => ready));
  return {
    mqtt: first!.port,
    http: second!.port,
    coap: third!.port,
    coapTcp: fourth!.port,
  };
}
