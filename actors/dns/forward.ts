import { rcodeName, rcodes } from "../../protocols/dns/record.ts";
import { answersTo } from "../../protocols/dns/reply.ts";
import type { DnsHandler } from "./handler.ts";
import { ResolveError, type Resolver } from "./resolver.ts";

/**
 * Makes a handler for `Gateway.dns` that passes questions on to other servers. Add it last, so that
 * it gets those that nobody else answers. Only questions that desire recursion are passed on (RFC
 * 1035 §4.1.1); the resolver keeps the replies for as long as their TTLs allow.
 *
 * @example One name of our own, and the rest from elsewhere
 * ```ts
 * import { dns, forward, gateway, resolver, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using elsewhere = gateway(), hub = gateway();
 * elsewhere.dns(({ type }) => type === "A" ? [{ type, address: "192.0.2.80" }] : []);
 * const far = await elsewhere.listen(udp({ port: 0 }), dns()).ready;
 *
 * hub.dns(({ name }) => name === "here.example" ? "NXDOMAIN" : undefined);
 * hub.dns(forward(resolver({ servers: [`127.0.0.1:${far.port}`] })));
 * const near = await hub.listen(udp({ port: 0 }), dns()).ready;
 * const names = resolver({ servers: [`127.0.0.1:${near.port}`], search: [] });
 * await assert.rejects(names.lookup("here.example"), { reason: "no such name" });
 * assert.deepEqual(await names.lookup("far.example"), ["192.0.2.80"]);
 * ```
 */
export function forward(to: Resolver): DnsHandler {
  return async (question, { recursionDesired }) => {
    if (!recursionDesired) return undefined;
    try {
      const { rcode = 0, answers, authorities } = await to.query(question);
      const known = rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN;
      return {
        rcode: known ? rcodeName(rcode) as "NOERROR" | "NXDOMAIN" : "SERVFAIL",
        authoritative: false,
        recursionAvailable: true,
        answers: answersTo(question, answers),
        authorities: authorities.filter(({ type }) => type === "SOA"),
      };
    } catch (error) {
      if (!(error instanceof ResolveError)) throw error;
      // Whatever the reason is, the client can only try again.
      return { rcode: "SERVFAIL", authoritative: false, recursionAvailable: true };
    }
  };
}
