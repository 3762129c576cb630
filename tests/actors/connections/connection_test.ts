import assert from "node:assert/strict";
import { Publication } from "../../../protocols/publication.ts";
import { FakeGrant } from "../../protocols/hooked.ts";
import { settle } from "../fakes.ts";
import { Bench } from "./line_bench.ts";

Deno.test("A connection carries what its session says, joined into one write", async () => {
  const bench = new Bench();
  const client = bench.connect();
  const writes: number[] = [];
  await client.send("say one\nsay two\n");
  const buffer = new Uint8Array(100);
  writes.push((await client.stream.read(buffer))!);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, writes[0])), "one\ntwo\n");
  client.stream.close();
});

Deno.test("Input cut anywhere reaches the session whole", async () => {
  const bench = new Bench();
  const client = bench.connect();
  for (const piece of ["say o", "ne\nsay tw", "o\ns", "ay three\n"]) await client.send(piece);
  assert.equal(await client.until("three\n"), "one\ntwo\nthree\n");
  client.stream.close();
});

Deno.test("A publication reaches other connections, byte for byte", async () => {
  const bench = new Bench();
  const subscriber = bench.connect(), publisher = bench.connect();
  await subscriber.send("sub a/+\n");
  await publisher.send("pub a/b hello there\n");
  assert.equal(await subscriber.until("\n"), "a/b=hello there\n");
  assert.equal(await publisher.until("\n"), "accepted\n");
});

Deno.test("A line too early for the new session goes to it after an upgrade", async () => {
  const bench = new Bench();
  const client = bench.connect();
  await client.send("say quiet\nupgrade\nsay loud\n");
  assert.equal(await client.until("LOUD\n"), "quiet\nLOUD\n");
});

Deno.test("A crash in a session costs its own connection, and nobody else theirs", async () => {
  const bench = new Bench();
  const bad = bench.connect(), good = bench.connect();
  await good.send("sub a\n");
  await bad.send("crash\n");
  await bad.until("never");
  assert.equal(bad.ended, true);
  await good.send("pub a still here\n");
  assert.equal(await good.until("still here\n"), "accepted\na=still here\n");
  assert.deepEqual(bench.lines, ["c0 boom"]);
  assert.deepEqual(bench.sessions[0]!.seen, ["ended"]);
  assert.equal(bench.supervisor.size, 1);
});

Deno.test("A peer that breaks the rules hears why before the connection ends", async () => {
  const bench = new Bench();
  const client = bench.connect();
  await client.send("say one\nbad\nsay two\n");
  assert.equal(await client.until("never"), "one\nrefused: Cannot read that\n");
  client.stream.close();
  await settle();
  assert.equal(bench.supervisor.size, 0);
});

Deno.test("Nothing is left of a connection whose peer has gone", async () => {
  const bench = new Bench();
  const clients = Array.from({ length: 50 }, () => bench.connect());
  for (const client of clients) await client.send("sub a/#\nlater\nsub b\npub a/b x\n");
  for (const client of clients) client.stream.close();
  await settle();
  assert.equal(bench.supervisor.size, 0);
  assert.equal(bench.space.router.subscriptions, 0);
  assert.equal(bench.clock.pending, 0);
});

Deno.test("A session is ticked when its deadline has come, and not before", async () => {
  const bench = new Bench();
  const client = bench.connect();
  await client.send("later\n");
  await bench.clock.move(999);
  await client.send("say not yet\n");
  await bench.clock.move(1);
  assert.equal(await client.until("tick\n"), "not yet\ntick\n");
});

Deno.test("Our last words leave before the connection ends, and it does not wait for ever", async () => {
  const bench = new Bench();
  const client = bench.connect({ lingerMs: 500 });
  await client.send("say farewell\nclose\nsay too late\n");
  assert.equal(await client.until("never"), "farewell\n");
  // The client neither writes nor closes.
  assert.equal(bench.supervisor.size, 1);
  await bench.clock.move(500);
  assert.equal(bench.supervisor.size, 0);
});

Deno.test("A peer that still sends can read our last words, but not for ever", async () => {
  const bench = new Bench();
  const client = bench.connect({ lingerMs: 500, maxLingerMs: 1_200 });
  await client.send("say farewell\nclose\n");
  for (let round = 0; round < 3; round++) {
    await bench.clock.move(400 - (round && 1));
    await client.send("more".repeat(300));
    assert.equal(bench.supervisor.size, 1);
  }
  await bench.clock.move(2);
  assert.equal(bench.supervisor.size, 0);
});

Deno.test("A peer that never reads our last words is cut off", async () => {
  const bench = new Bench();
  const client = bench.connect({ closeMs: 3_000 }, 4);
  await client.send("say farewell\nclose\n");
  await bench.clock.move(2_999);
  assert.equal(bench.supervisor.size, 1);
  await bench.clock.move(1);
  assert.equal(bench.supervisor.size, 0);
});

Deno.test("Signals come after the deliveries queued before them", async () => {
  const bench = new Bench();
  const client = bench.connect();
  await client.send("sub a\n");
  bench.space.publish(new Publication("a", new Uint8Array([49])));
  bench.sessions[0]!.hub.self.post("now");
  assert.equal(await client.until("now\n"), "a=1\nsignal now\n");
});

Deno.test("The tree shows peer, session and what is queued, and not what a login stands on", async () => {
  const bench = new Bench();
  bench.connect();
  await settle();
  const { hub } = bench.sessions[0]!;
  hub.identify({ ...hub.identity, grant: new FakeGrant() });
  assert.deepEqual(bench.supervisor.tree()[0]!.detail, {
    identity: {
      user: undefined,
      clientId: undefined,
      groups: [],
      certificate: undefined,
      address: "memory",
      listener: "memory",
    },
    peer: "memory",
    session: "line",
    queuedBytes: 0,
    dropped: 0,
    slow: false,
  });
});
