import {
  type AuthMethod,
  coap,
  coapStream,
  type gateway,
  http,
  mqtt,
  tcp,
  udp,
} from "../../mod.ts";
import type { Ports } from "./publishers.ts";

export type Hub = ReturnType<typeof gateway>;

/** Where, and how clients of MQTT may say who they are beside a password. */
export interface ListenToAllOptions {
  hostname?: string;
  authMethods?: readonly AuthMethod[];
}

/** Listens with every protocol, on ports that the system chooses. */
export async function listenToAll(
  hub: Hub,
  { hostname = "127.0.0.1", authMethods = [] }: ListenToAllOptions = {},
): Promise<Ports> {
  const listening = [
    hub.listen(tcp({ hostname, port: 0 }), mqtt({ authMethods })),
    hub.listen(tcp({ hostname, port: 0 }), http()),
    hub.listen(udp({ hostname, port: 0 }), coap()),
    hub.listen(tcp({ hostname, port: 0 }), coapStream()),
  ];
  const [first, second, third, fourth] = await Promise.all(listening.map(({ ready }) => ready));
  return {
    mqtt: first!.port,
    http: second!.port,
    coap: third!.port,
    coapTcp: fourth!.port,
  };
}
