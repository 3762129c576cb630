import { ipv4Bytes, ipv6Bytes } from "../../protocols/dns/addresses.ts";
import { formatRecord } from "../../protocols/dns/text.ts";
import { type Resolver, resolver } from "./resolver.ts";
import type { ResolverOptions } from "./options.ts";

/** What a resolver finds, as lines for people. */
export class RecordLines {
  readonly #names: Resolver;

  constructor(options: ResolverOptions) {
    this.#names = resolver(options);
  }

  /** Without a type the addresses of a host; with one its records, as lines of a zone file. */
  async find(name: string, type?: string): Promise<string[]> {
    if (type === undefined) return await this.#names.lookup(name);
    const asked = type.toUpperCase() === "PTR" ? reverseOf(name) ?? name : name;
    return (await this.#names.resolve(asked, type.toUpperCase())).map(formatRecord);
  }
}

/** The name whose PTR record says which host has an address (RFC 1035 §3.5, RFC 3596 §2.5). */
function reverseOf(address: string): string | undefined {
  const four = ipv4Bytes(address);
  if (four !== undefined) return `${[...four].reverse().join(".")}.in-addr.arpa.`;
  const six = ipv6Bytes(address);
  if (six === undefined) return undefined;
  const digits = [...six].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa.`;
}
