/** An IP address as 16 bytes; IPv4 is mapped into IPv6 (RFC 4291 §2.5.5.2). */
type IpBytes = Uint8Array;

/** Peers whose verdict is remembered: 4,096 take about 500 KiB at most. */
const REMEMBERED = 4096;

const SYNTAX = "write subnets such as -0.0.0.0/0,+192.168/16,+fd00::/8";

interface Rule {
  allows: boolean;
  network: IpBytes;
  bits: number;
}

/**
 * Decides by IP address which peers may connect: the last rule that matches decides, and a peer
 * that no rule matches may not. The text is a list of subnets, such as `-0.0.0.0/0,+192.168/16`;
 * one without a mask is a single host.
 */
export class AccessList {
  readonly #rules: Rule[];
  readonly #verdicts = new Map<string, boolean>();

  /** Throws a `TypeError` that says what is wrong with `text`. */
  constructor(readonly text: string) {
    this.#rules = text.split(",").map((each) => ruleOf(each.trim()));
  }

  /** Whether a peer, `host:port` or `[host]:port`, may connect. One without an IP address may. */
  allows(peer: string): boolean {
    const host = peer.slice(0, peer.lastIndexOf(":"));
    let verdict = this.#verdicts.get(host);
    if (verdict === undefined) {
      verdict = this.#decide(host);
      if (this.#verdicts.size >= REMEMBERED) this.#verdicts.clear();
      this.#verdicts.set(host, verdict);
    }
    return verdict;
  }

  #decide(host: string): boolean {
    const address = ipBytes(host.replace(/^\[|\]$/g, ""));
    if (address === undefined) return true;
    let allowed = false;
    for (const { allows, network, bits } of this.#rules) {
      if (isWithin(address, network, bits)) allowed = allows;
    }
    return allowed;
  }
}

function ruleOf(text: string): Rule {
  const sign = text[0];
  if (sign !== "+" && sign !== "-") {
    const right = `each subnet begins with + or -; ${SYNTAX}`;
    throw new TypeError(`Cannot use "${text}" in an access list: ${right}`);
  }
  const [host = "", mask, ...rest] = text.slice(1).split("/");
  const isV6 = host.includes(":");
  const network = ipBytes(isV6 ? host : completed(host, mask !== undefined));
  const most = isV6 ? 128 : 32;
  const bits = mask === undefined ? most : /^\d{1,3}$/.test(mask) ? Number(mask) : Infinity;
  if (network === undefined || bits > most || rest.length > 0) {
    const fault = network === undefined
      ? `"${host}" is no IP address`
      : `a mask has 0 to ${most} bits`;
    throw new TypeError(`Cannot use "${text}" in an access list: ${fault}; ${SYNTAX}`);
  }
  return { allows: sign === "+", network, bits: isV6 ? bits : bits + 96 };
}

/** `192.168` before a mask is `192.168.0.0`. */
function completed(host: string, hasMask: boolean): string {
  const given = host.split(".").length;
  return hasMask && given < 4 ? host + ".0".repeat(4 - given) : host;
}

function isWithin(address: IpBytes, network: IpBytes, bits: number): boolean {
  const whole = bits >> 3, rest = bits & 7;
  for (let i = 0; i < whole; i++) if (address[i] !== network[i]) return false;
  return rest === 0 || (address[whole]! ^ network[whole]!) >> (8 - rest) === 0;
}

/** Reads an IPv4 or IPv6 address (RFC 4291 §2.2), without brackets; a zone is left out. */
export function ipBytes(text: string): IpBytes | undefined {
  const bytes = new Uint8Array(16);
  if (!text.includes(":")) {
    const v4 = v4Bytes(text);
    if (v4 === undefined) return undefined;
    bytes.set([0xff, 0xff, ...v4], 10);
    return bytes;
  }
  const halves = text.replace(/%.*$/, "").split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupBytes);
  if (head === undefined || halves.length === 2 && tail === undefined) return undefined;
  const length = head.length + (tail?.length ?? 0);
  // `::` stands for at least one group, which is two bytes.
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  bytes.set(head);
  bytes.set(tail ?? [], 16 - (tail?.length ?? 0));
  return bytes;
}

function groupBytes(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [], groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? v4Bytes(group) : undefined;
    if (v4 !== undefined) bytes.push(...v4);
    else if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
}

function v4Bytes(text: string): number[] | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  const bytes = octets.map((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) ? Number(octet) : 256);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}
