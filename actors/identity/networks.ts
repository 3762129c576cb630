import { BlockList, isIP } from "node:net";
import { hostOf } from "../../protocols/network.ts";

/** Finds out whether addresses are in one of some networks. Throws a `TypeError` for what is none. */
export function networks(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const each of list) {
    const [host = "", prefix, ...more] = each.split("/");
    const version = isIP(host), bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d+$/.test(prefix) ? Number(prefix) : NaN;
    if (version === 0 || more.length > 0 || !(length <= bits)) {
      throw new TypeError(`Cannot use the network "${each}": give one such as 192.0.2.0/24`);
    }
    known.addSubnet(host, length, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const host = hostOf(address), version = isIP(host);
    return version !== 0 && known.check(host, version === 4 ? "ipv4" : "ipv6");
  };
}
