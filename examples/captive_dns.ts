/**
 * The name server of a captive portal: every name has one address.
 *
 *   deno run -A examples/captive_dns.ts 192.168.4.1
 *   dig @127.0.0.1 -p 5300 any.example
 *
 * Questions of type A get the address, for 10 seconds. All others get "no data" on purpose: a
 * client that asks for AAAA first goes on to A at once, whereas "no such name" would end its
 * search.
 */
import { dns, gateway, tcp, udp } from "../mod.ts";

export async function main(
  { port = 5300, address = "192.168.4.1", log = console.log }: {
    port?: number;
    address?: string;
    log?: (line: string) => void;
  } = {},
) {
  const hub = gateway();
  hub.dns(({ type, name }) => {
    log(`Q type ${type} name ${name}`);
    return type === "A" ? [{ type, address, ttl: 10 }] : [];
  });
  const bound = await hub.listen(tcp({ port }), dns()).ready;
  await hub.listen(udp({ port: bound.port }), dns()).ready;
  log(`DNS on port ${bound.port}: dig @127.0.0.1 -p ${bound.port} any.example`);
  return { hub, port: bound.port };
}

if (import.meta.main) await main({ address: Deno.args[0] });
