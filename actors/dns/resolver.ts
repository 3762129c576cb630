import type { DnsMessage } from "../../protocols/dns/message.ts";
import { canonical } from "../../protocols/dns/names.ts";
import {
  type DnsQuestion,
  type DnsRecord,
  rcodeName,
  rcodes,
  typeName,
  typeNumber,
} from "../../protocols/dns/record.ts";
import { answersTo } from "../../protocols/dns/reply.ts";
import { systemClock } from "../clock.ts";
import { DnsCache, keyOf } from "./cache.ts";
import { exchange, systemNetwork } from "./exchange.ts";
import { type InnerOptions, resolverDefaults, type ResolverOptions } from "./options.ts";
import { isAddress, parseHosts, parseResolvConf, serverAt, type SystemNames } from "./system.ts";

/** Codes that say more about the server than about the name: another server may know it. */
const failures: readonly number[] = [
  rcodes.FORMERR,
  rcodes.SERVFAIL,
  rcodes.NOTIMP,
  rcodes.REFUSED,
];

/**
 * Says why a name has no answer.
 *
 * @example Telling a missing name from a missing server
 * ```ts
 * import { ResolveError, resolver } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function adviceFor(host: string): Promise<string> {
 *   try {
 *     return `It has the address ${await resolver({ servers: ["127.0.0.1:9"] }).lookup(host)}`;
 *   } catch (error) {
 *     if (!(error instanceof ResolveError)) throw error;
 *     return error.reason === "unreachable" ? "Try again later" : "Look at the spelling";
 *   }
 * }
 *
 * assert.equal(await adviceFor("192.0.2.7"), "It has the address 192.0.2.7");
 * ```
 */
export class ResolveError extends Error {
  /** `ResolveError`. */
  override name = "ResolveError";

  /** Makes an error; `message` is for people. */
  constructor(
    message: string,
    /** The same for programs. */
    readonly reason: "no such name" | "no such record" | "unreachable" | "not allowed",
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Resolves names: by the hosts file first, then by asking servers. `resolver()` makes one.
 *
 * @example A function that takes any resolver
 * ```ts
 * import { type Resolver, resolver } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function addressOf(names: Resolver, host: string): Promise<string> {
 *   return (await names.lookup(host))[0]!;
 * }
 *
 * assert.equal(await addressOf(resolver(), "192.0.2.7"), "192.0.2.7");
 * ```
 */
export class Resolver {
  readonly #options: Required<Pick<ResolverOptions, "timeoutMs" | "retries">> & InnerOptions;
  readonly #servers: readonly string[];
  readonly #cache: DnsCache;
  readonly #asking = new Map<string, Promise<DnsMessage>>();
  readonly #files = new Map<string, { text: Promise<string>; until: number }>();

  /** @ignore */
  constructor(options: InnerOptions = {}) {
    const { maxEntries, timeoutMs, retries } = { ...resolverDefaults, ...options };
    this.#options = { ...options, timeoutMs, retries };
    this.#servers = (options.servers ?? ["system"]).map((each) =>
      each === "system" ? each : serverAt(each)
    );
    this.#cache = new DnsCache(options.clock ?? systemClock, maxEntries);
  }

  /**
   * Finds the addresses of a host, IPv4 first. An IP address has itself. Rejects with a
   * `ResolveError` when there are none.
   */
  async lookup(host: string): Promise<string[]> {
    const { literals = "accept" } = this.#options;
    if (isAddress(host)) {
      if (literals !== "refuse") return [host];
      throw new ResolveError(`Cannot resolve ${quoted(host)}: give a name`, "not allowed");
    }
    if (literals === "only") {
      throw new ResolveError(`Cannot resolve ${quoted(host)}: give an IP address`, "not allowed");
    }
    const known = await this.hosts(host);
    if (known.length > 0) return known;
    const both = await Promise.allSettled([this.resolve(host), this.resolve(host, "AAAA")]);
    const found = both.flatMap((each) => each.status === "fulfilled" ? each.value : []);
    const addresses = found.flatMap((record) => "address" in record ? record.address : []);
    if (addresses.length > 0) return addresses;
    const failed = both.flatMap((each) => each.status === "rejected" ? each.reason : []);
    throw failed.find(({ reason }) => reason === "unreachable") ?? failed[0];
  }

  /**
   * Finds the addresses that the hosts file has for a name, perhaps none. `localhost` and all names
   * below it are this machine (RFC 6761 §6.3).
   */
  async hosts(host: string): Promise<string[]> {
    const { hosts = resolverDefaults.hosts } = this.#options;
    const name = canonical(host);
    const known = hosts === false ? undefined : parseHosts(await this.#read(hosts)).get(name);
    if (known !== undefined) return [...known];
    return /(?:^|\.)localhost$/.test(name) ? ["127.0.0.1", "::1"] : [];
  }

  /**
   * Finds the records of a name, behind those of the aliases (CNAME) that led to them. Short names
   * are also tried with the search domains. Rejects with a `ResolveError` when there are none.
   */
  async resolve(name: string, type = "A"): Promise<DnsRecord[]> {
    const wanted = typeName(typeNumber(type));
    let failed: ResolveError | undefined;
    for (const candidate of await this.#candidates(name)) {
      const question = { name: candidate, type: wanted };
      const reply = await this.query(question);
      const answers = answersTo(question, reply.answers);
      if (answers.some((record) => record.type === wanted || wanted === "ANY")) return answers;
      const isGone = reply.rcode === rcodes.NXDOMAIN;
      failed ??= new ResolveError(
        `Cannot resolve ${quoted(name)}: ` +
          (isGone ? "there is no such name" : `it has no record of type ${wanted}`),
        isGone ? "no such name" : "no such record",
      );
    }
    throw failed!;
  }

  /**
   * Gets the whole reply to one question, from the cache or a server, without search domains.
   * Rejects with a `ResolveError` when no server answers.
   */
  query(question: DnsQuestion): Promise<DnsMessage> {
    canonical(question.name);
    const known = this.#cache.find(question);
    if (known !== undefined) return Promise.resolve(known);
    const key = keyOf(question), under = this.#asking.get(key);
    // The same question is asked once at a time: each copy would help a forger (RFC 5452 §5).
    if (under !== undefined) return under;
    const asking = this.#ask(question).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(question: DnsQuestion): Promise<DnsMessage> {
    const { timeoutMs, retries, network = systemNetwork, clock = systemClock } = this.#options;
    const { servers } = await this.#system();
    const fail = (why: string, cause?: unknown) =>
      new ResolveError(
        `Cannot resolve ${quoted(question.name)}, type ${question.type}: ${why}`,
        "unreachable",
        { cause },
      );
    if (servers.length === 0) {
      throw fail('no name server is known; name one, or put "nameserver ADDRESS" into resolv.conf');
    }
    let last: unknown;
    for (let attempt = 0; attempt <= retries; attempt++) {
      for (const server of servers) {
        try {
          const reply = await exchange(server, question, { network, clock, timeoutMs });
          if (!failures.includes(reply.rcode ?? 0)) {
            this.#cache.keep(question, reply);
            return reply;
          }
          last = new Error(`${server} answers ${rcodeName(reply.rcode ?? 0)}`);
        } catch (error) {
          last = error;
        }
      }
    }
    throw fail((last as Error).message, last);
  }

  async #candidates(name: string): Promise<string[]> {
    const plain = canonical(name);
    const { search, ndots } = await this.#system();
    // A final dot says that the name is complete.
    if (name.endsWith(".") || search.length === 0) return [plain];
    const longer = search.map((domain) => `${plain}.${canonical(domain)}`).filter(isName);
    return plain.split(".").length - 1 >= ndots ? [plain, ...longer] : [...longer, plain];
  }

  async #system(): Promise<SystemNames> {
    const { system = resolverDefaults.system, search, ndots } = this.#options;
    const needed = this.#servers.includes("system") || search === undefined;
    const found = parseResolvConf(needed ? await this.#read(system) : "");
    return {
      servers: this.#servers.flatMap((each) => each === "system" ? found.servers : each),
      search: [...search ?? found.search],
      ndots: ndots ?? found.ndots,
    };
  }

  #read(path: string): Promise<string> {
    const now = (this.#options.clock ?? systemClock).now();
    const known = this.#files.get(path);
    if (known && now < known.until) return known.text;
    // A file that is not there says nothing.
    const text = Deno.readTextFile(path).catch(() => "");
    this.#files.set(path, { text, until: now + resolverDefaults.filesMs });
    return text;
  }
}

/**
 * Makes a resolver. It asks the name servers of the system unless others are named. A reply counts
 * only if it comes from the server that was asked, and to the question that was asked.
 *
 * @throws {TypeError} When a server is not an IP address, with or without a port.
 * @example Records of one type
 * ```ts
 * import { dns, gateway, resolver, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.dns(() => [{ type: "MX", preference: 10, exchange: "mail.home.example" }]);
 * const { port } = await hub.listen(udp({ port: 0 }), dns()).ready;
 * const names = resolver({ servers: [`127.0.0.1:${port}`], search: [] });
 * const [mail] = await names.resolve("home.example", "MX");
 * assert.equal(mail?.type === "MX" && mail.exchange, "mail.home.example");
 * ```
 */
export function resolver(options: ResolverOptions = {}): Resolver {
  return new Resolver(options);
}

function isName(name: string): boolean {
  try {
    canonical(name);
    return true;
  } catch {
    return false;
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 300));
}
