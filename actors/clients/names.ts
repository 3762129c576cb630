import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { bareHost } from "../../transports/address.ts";
import type { Resolver } from "../dns/resolver.ts";

let names: Pick<Resolver, "lookup"> | undefined;

/** Has hosts looked up by `resolver` from now on, in place of the system. */
export function useResolver(resolver: Pick<Resolver, "lookup"> | undefined): void {
  names = resolver;
}

/** True when hosts are not looked up by the system. */
export function hasResolver(): boolean {
  return names !== undefined;
}

/** The addresses of a host, IPv4 first; of an address, itself. */
export async function addressesOf(hostname: string): Promise<readonly string[]> {
  const host = bareHost(hostname);
  if (names !== undefined) return await names.lookup(host);
  return (await systemLookup(host, { all: true, order: "ipv4first" })).map(({ address }) =>
    address
  );
}

/** How Node's clients look hosts up; undefined for how they always do. */
export function hostLookup(): LookupFunction | undefined {
  if (names === undefined) return undefined;
  return (hostname, { all }, done) => {
    addressesOf(hostname).then((found) => {
      const addresses = found.map((address) => ({
        address,
        family: address.includes(":") ? 6 : 4,
      }));
      const [first] = addresses;
      if (all) done(null, addresses);
      else if (first !== undefined) done(null, first.address, first.family);
      else done(new Error(`Cannot resolve ${hostname}: it has no address`), "");
    }, (error) => done(error, ""));
  };
}
