/**
 * Many gateways, one topic space: each has a bridge to the same broker, the backbone, for
 * everything in both directions. A client of one gateway and a client of another, whatever they
 * speak, then talk as if there were one.
 *
 *     mosquitto -p 1884 &
 *     deno run -A examples/two_gateways.ts mqtt://127.0.0.1:1884
 *
 * In place of Mosquitto any broker will do, such as a cluster of EMQX, VerneMQ or HiveMQ.
 */
import type { Gateway } from "../actors/gateway/gateway.ts";
import { gateway, http, mqtt, tcp } from "../mod.ts";

/** One gateway of many. */
interface Site {
  readonly hub: Gateway;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Resolves once it is connected with the backbone. */
  readonly online: Promise<void>;
}

/** Starts a gateway that shares everything with those on the same backbone. */
export async function site(name: string, backbone: string): Promise<Site> {
  const hub = gateway();
  const { port: httpPort } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const { port: mqttPort } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const { online } = hub.bridge({
    name: "backbone",
    url: backbone,
    // With a session that stays, nothing is lost while either side is away.
    clientId: `site-${name}`,
    clean: false,
    routes: [{ direction: "both", filter: "#", qos: 2 }],
    limits: { retryMinMs: 100, retryMaxMs: 2_000 },
  });
  return { hub, httpPort, mqttPort, online };
}

if (import.meta.main) {
  const backbone = Deno.args[0] ?? "mqtt://127.0.0.1:1883";
  const sites = [await site("north", backbone), await site("south", backbone)] as const;
  await Promise.all(sites.map(({ online }) => online));
  const [north, south] = sites;
  console.log(`north: http://127.0.0.1:${north.httpPort}  mqtt://127.0.0.1:${north.mqttPort}`);
  console.log(`south: http://127.0.0.1:${south.httpPort}  mqtt://127.0.0.1:${south.mqttPort}`);

  // A browser at one, say, and a sensor that speaks HTTP at the other.
  const socket = new WebSocket(`ws://127.0.0.1:${south.httpPort}/topics/room/temperature`);
  await new Promise((opened) => socket.onopen = opened);
  const heard = new Promise<string>((hear) => socket.onmessage = ({ data }) => hear(data));
  const topic = `http://127.0.0.1:${north.httpPort}/topics/room/temperature`;
  await fetch(topic, { method: "POST", body: "21.5" });
  console.log(`said to north by HTTP, heard from south by WebSocket: ${await heard}`);
  socket.close();
  for (const { hub } of sites) await hub.stop();
}
