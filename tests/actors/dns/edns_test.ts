import assert from "node:assert/strict";
import { Resolver } from "../../../actors/dns/resolver.ts";
import type { DnsMessage } from "../../../protocols/dns/message.ts";
import { rcodes } from "../../../protocols/dns/record.ts";
import { FakeClock } from "../fakes.ts";
import { FakeNetwork, replyTo, type Serve } from "./fake_network.ts";

const SERVER = "192.0.2.53:53";
const edns = { udpBytes: 512, version: 0, flags: 0, options: new Uint8Array() };

function lab(serve: Serve) {
  const network = new FakeNetwork(serve), clock = new FakeClock();
  const common = { servers: [SERVER], hosts: false, search: [], ndots: 1, retries: 0 } as const;
  return { network, clock, names: new Resolver({ ...common, clock, network }) };
}

/** A server from before EDNS: it cannot read a query that has it. */
function old(query: DnsMessage): DnsMessage {
  if (query.edns !== undefined) {
    return replyTo(query, [], { rcode: rcodes.FORMERR, questions: [] });
  }
  return replyTo(query, [{ ...query.questions[0]!, ttl: 60, type: "A", address: "192.0.2.7" }]);
}

Deno.test("A server that answers EDNS with FORMERR is asked without it (RFC 6891 §7)", async () => {
  const { network, clock, names } = lab((query) => [{ message: old(query) }]);
  const [found] = await names.resolve("home.example");
  assert.equal(found?.type === "A" && found.address, "192.0.2.7");
  const [first, second, ...more] = network.asked.map(({ query }) => query);
  assert.deepEqual(more, []);
  assert.ok(first!.edns !== undefined && second!.edns === undefined);
  assert.deepEqual([network.open, clock.pending], [0, 0]);
});

Deno.test("A server that cannot read a plain query either is asked twice, and no more", async () => {
  const { network, names } = lab((query) => {
    return [{ message: replyTo(query, [], { rcode: rcodes.FORMERR }) }];
  });
  await assert.rejects(names.resolve("home.example"), /192\.0\.2\.53:53 answers FORMERR/);
  assert.equal(network.asked.length, 2);
});

Deno.test("A server that knows EDNS and answers FORMERR means it", async () => {
  const { network, names } = lab((query) => {
    return [{ message: replyTo(query, [], { rcode: rcodes.FORMERR, edns }) }];
  });
  await assert.rejects(names.resolve("home.example"), /answers FORMERR/);
  assert.equal(network.asked.length, 1);
});

Deno.test("Both attempts together have the time of one", async () => {
  const { network, clock, names } = lab((query) =>
    query.edns === undefined ? [] : [{ message: old(query) }]
  );
  const failed = assert.rejects(names.resolve("home.example"), /did not answer in 5000 ms/);
  await clock.move(0);
  assert.equal(network.asked.length, 2);
  await clock.move(5000);
  await failed;
  assert.deepEqual([network.open, clock.pending], [0, 0]);
});

Deno.test("A long answer to a plain query comes by TCP, by a plain query, too", async () => {
  const { network, names } = lab((query) => [{
    message: query.edns ? old(query) : replyTo(query, [], { truncated: true }),
  }]);
  network.byTcp = old;
  assert.equal((await names.resolve("home.example")).length, 1);
});
