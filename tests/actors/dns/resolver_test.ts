import assert from "node:assert/strict";
import type { ResolverOptions } from "../../../actors/dns/options.ts";
import { Resolver } from "../../../actors/dns/resolver.ts";
import { parseHosts, parseResolvConf, serverAt } from "../../../actors/dns/system.ts";
import type { DnsMessage } from "../../../protocols/dns/message.ts";
import type { DnsRecord } from "../../../protocols/dns/record.ts";
import { FakeClock, settle } from "../fakes.ts";
import { FakeNetwork, replyTo, type Serve } from "./fake_network.ts";

const SERVER = "192.0.2.53:53";

function lab(serve: Serve, options: ResolverOptions = {}) {
  const clock = new FakeClock(), network = new FakeNetwork(serve);
  const names = new Resolver({
    servers: [SERVER],
    hosts: false,
    search: [],
    ndots: 1,
    clock,
    network,
    ...options,
  });
  return { clock, network, names };
}

function a(name: string, address = "192.0.2.1", ttl = 60): DnsRecord {
  return { name, ttl, type: "A", address };
}

function right(query: DnsMessage, address?: string): DnsMessage {
  const { name, type } = query.questions[0]!;
  return replyTo(query, type === "A" ? [a(name, address)] : []);
}

const lies: [name: string, lie: (query: DnsMessage) => { message: DnsMessage; from?: string }][] = [
  ["with another id", (query) => ({ message: { ...right(query), id: query.id ^ 1 } })],
  ["from another address", (query) => ({ message: right(query), from: "192.0.2.66:53" })],
  ["from another port", (query) => ({ message: right(query), from: "192.0.2.53:5353" })],
  ["that is a query", (query) => ({ message: { ...right(query), response: false } })],
  ["to another question", (query) => {
    return { message: { ...right(query), questions: [{ name: "other.example", type: "A" }] } };
  }],
  ["of another type", (query) => {
    const questions = [{ ...query.questions[0]!, type: "AAAA" }];
    return { message: { ...right(query), questions } };
  }],
  ["of another class", (query) => {
    return { message: { ...right(query), questions: [{ ...query.questions[0]!, class: 3 }] } };
  }],
  ["without a question", (query) => ({ message: { ...right(query), questions: [] } })],
  ["about other names", (query) => ({ message: replyTo(query, [a("bank.example")]) })],
];
for (const [name, lie] of lies) {
  Deno.test(`A reply ${name} is not believed, and the true one is`, async () => {
    const { names } = lab((query) => [lie(query), { message: right(query, "192.0.2.7") }]);
    assert.deepEqual(
      (await names.resolve("home.example")).map((each) => "address" in each && each),
      [
        a("home.example", "192.0.2.7"),
      ],
    );
  });
}

Deno.test("Of a true reply only the records that belong to the name are taken", async () => {
  const alias: DnsRecord = { name: "www.example", ttl: 9, type: "CNAME", target: "real.example" };
  const { names } = lab((query) => [{
    message: replyTo(query, [a("bank.example"), a("real.example"), alias]),
  }]);
  assert.deepEqual(await names.resolve("WWW.example"), [alias, a("real.example")]);
});

Deno.test("Silence is asked again twice after five seconds each, and then an error", async () => {
  const { clock, network, names } = lab(() => []);
  const failed = assert.rejects(names.resolve("home.example"), {
    reason: "unreachable",
    message: 'Cannot resolve "home.example", type A: 192.0.2.53:53 did not answer in 5000 ms',
  });
  for (const count of [1, 2, 3]) {
    await settle();
    assert.equal(network.asked.length, count);
    await clock.move(4_999);
    assert.equal(network.asked.length, count);
    await clock.move(1);
  }
  await failed;
  assert.deepEqual([network.asked.length, network.open, clock.pending], [3, 0, 0]);
  assert.ok(new Set(network.asked.map(({ query }) => query.id)).size > 1, "ids are random");
});

Deno.test("A server that fails or is silent leaves it to the next", async () => {
  const second = "[2001:db8::53]:5353";
  const { names, network } = lab(
    (query, server) => [{
      message: server === SERVER ? replyTo(query, [], { rcode: 2 }) : right(query),
    }],
    { servers: ["192.0.2.53", "[2001:DB8:0::53]:5353"] },
  );
  assert.deepEqual(await names.lookup("home.example"), ["192.0.2.1"]);
  assert.ok(network.asked.some(({ server }) => server === second));
});

Deno.test("A truncated reply is asked for again by TCP", async () => {
  const { names, network } = lab((query) => [{ message: replyTo(query, [], { truncated: true }) }]);
  network.byTcp = (query) => right(query, "192.0.2.99");
  const [record] = await names.resolve("home.example");
  assert.equal(record?.type === "A" && record.address, "192.0.2.99");
});

Deno.test("Replies are kept as long as they say, and grow older meanwhile", async () => {
  const { clock, names, network } = lab((query) => [{ message: right(query) }]);
  await Promise.all([names.resolve("home.example"), names.resolve("HOME.example")]);
  assert.equal(network.asked.length, 1);
  await clock.move(20_000);
  assert.equal((await names.resolve("home.example"))[0]?.ttl, 40);
  assert.equal(network.asked.length, 1);
  await clock.move(40_000);
  assert.equal((await names.resolve("home.example"))[0]?.ttl, 60);
  assert.equal(network.asked.length, 2);
});

Deno.test("That there is none is kept as long as the SOA says", async () => {
  const soa: DnsRecord = {
    name: "example",
    ttl: 100,
    type: "SOA",
    primary: "ns.example",
    mailbox: "me.example",
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 30,
  };
  const { clock, names, network } = lab((query) => [{
    message: replyTo(query, [], { rcode: 3, authorities: [soa] }),
  }]);
  const gone = {
    reason: "no such name",
    message: 'Cannot resolve "x.example": there is no such name',
  };
  await assert.rejects(names.resolve("x.example"), gone);
  await clock.move(29_000);
  await assert.rejects(names.resolve("x.example"), gone);
  assert.equal(network.asked.length, 1);
  await clock.move(1_000);
  await assert.rejects(names.resolve("x.example"), gone);
  assert.equal(network.asked.length, 2);
});

Deno.test("Only so many replies are kept: the one unused for longest goes", async () => {
  const { names, network } = lab((query) => [{ message: right(query) }], { maxEntries: 2 });
  for (const name of ["a.example", "b.example", "a.example", "c.example", "a.example"]) {
    await names.resolve(name);
  }
  assert.equal(network.asked.length, 3);
  await names.resolve("b.example");
  assert.equal(network.asked.length, 4);
});

Deno.test("Short names are tried with search domains first, long ones last", async () => {
  const { names, network } = lab(
    (query) => [{ message: replyTo(query, [], { rcode: 3 }) }],
    { search: ["home.example", "example"], ndots: 2 },
  );
  const asked = async (name: string) => {
    network.asked.length = 0;
    await assert.rejects(names.resolve(name), { reason: "no such name" });
    return network.asked.map(({ query }) => query.questions[0]!.name);
  };
  assert.deepEqual(await asked("a.b"), ["a.b.home.example", "a.b.example", "a.b"]);
  assert.deepEqual(await asked("a.b.c"), ["a.b.c", "a.b.c.home.example", "a.b.c.example"]);
  assert.deepEqual(await asked("a."), ["a"]);
});

Deno.test("Addresses are their own, or refused, or all that is taken", async () => {
  const serve: Serve = (query) => [{ message: right(query) }];
  for (const address of ["192.0.2.1", "2001:db8::1"]) {
    assert.deepEqual(await lab(serve).names.lookup(address), [address]);
    const refusing = lab(serve, { literals: "refuse" }).names;
    await assert.rejects(refusing.lookup(address), { reason: "not allowed" });
  }
  await assert.rejects(lab(serve, { literals: "only" }).names.lookup("a.example"), {
    message: 'Cannot resolve "a.example": give an IP address',
  });
});

Deno.test("The hosts file goes first, and localhost is this machine", async () => {
  const hosts = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(hosts, "192.0.2.9 printer.example Printer # upstairs\n::9 printer\n");
    const { names, network } = lab((query) => [{ message: right(query) }], { hosts });
    assert.deepEqual(await names.lookup("PRINTER"), ["192.0.2.9", "::9"]);
    assert.deepEqual(await names.lookup("a.localhost"), ["127.0.0.1", "::1"]);
    assert.equal(network.asked.length, 0);
    assert.deepEqual(await names.lookup("other.example"), ["192.0.2.1"]);
  } finally {
    await Deno.remove(hosts);
  }
});

Deno.test("Without a server nobody is asked, and a public one least of all", async () => {
  const { names, network } = lab(() => [], { servers: ["system"], system: "/nonexistent" });
  await assert.rejects(names.resolve("home.example"), /no name server is known/);
  assert.equal(network.asked.length, 0);
});

Deno.test("The system's files are read as resolv.conf(5) and hosts(5) say", () => {
  const text = "# c\nnameserver 192.0.2.1\nnameserver ::1 ; x\nnameserver bad\n" +
    "domain a.example\nsearch b.example c.example\noptions rotate ndots:3\n";
  assert.deepEqual(parseResolvConf(text), {
    servers: ["192.0.2.1:53", "[::1]:53"],
    search: ["b.example", "c.example"],
    ndots: 3,
  });
  const hosts = parseHosts("127.0.0.1\tlocalhost lo\n127.0.0.1 LO\nnot a line\n::1 localhost\n");
  assert.deepEqual([...hosts], [["localhost", ["127.0.0.1", "::1"]], ["lo", ["127.0.0.1"]]]);
  assert.equal(serverAt("[::1]"), "[::1]:53");
  for (const bad of ["", "name.example", "1.2.3.4:0", "1.2.3.4:70000", "[1.2.3.4"]) {
    assert.throws(() => serverAt(bad), /as a name server: give "system", or an address/);
  }
});
