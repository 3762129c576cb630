import assert from "node:assert/strict";
import { settle } from "../fakes.ts";
import { Bench } from "./line_bench.ts";

/** 1,000 bytes with their line. */
const line = `pub a ${"x".repeat(993)}\n`;
// Between one turn of the publisher and the next at most 64 KiB come, whatever the mark.
const limits = { outboxHighWaterBytes: 10_000, outboxBytes: 1 << 20, graceMs: 250 };

Deno.test("A publisher is not read from while a receiver is behind, and nothing is lost", async () => {
  const bench = new Bench();
  const subscriber = bench.connect(limits, 1_000), publisher = bench.connect({}, 100);
  await subscriber.send("sub a\n");
  const sending = publisher.send(line.repeat(100));
  await settle();
  const [receiving, sender] = bench.sessions;
  assert.ok(sender!.received < 20, `${sender!.received} lines were read`);
  let reading = true;
  const replies = (async () => {
    while (reading) await publisher.until("accepted\n".repeat(100)).then(() => reading = false);
  })();
  await subscriber.until(`a=${"x".repeat(993)}\n`.repeat(100));
  await sending;
  await replies;
  assert.equal(receiving!.seen.length, 100);
  assert.equal(sender!.received, 100);
  assert.equal(bench.space.counters.get("delivery.dropped"), undefined);
});

Deno.test("After the grace period publishers go on without a slow receiver, and the loss is counted", async () => {
  const bench = new Bench();
  const deaf = bench.connect(limits, 1_000), publisher = bench.connect({}, 1 << 20);
  await deaf.send("sub a\n");
  await publisher.send(line.repeat(500));
  assert.ok(bench.sessions[1]!.received < 100);
  await bench.clock.move(249);
  assert.ok(bench.sessions[1]!.received < 100);
  await bench.clock.move(1);
  assert.equal(bench.sessions[1]!.received, 500);
  const { slow, dropped } = bench.supervisor.tree()[0]!.detail as Record<string, number | boolean>;
  assert.equal(slow, true);
  assert.equal(dropped, 500 - bench.sessions[0]!.seen.length);
  assert.equal(bench.space.counters.get("delivery.dropped"), dropped);
  assert.equal(bench.space.counters.get("receiver.slow"), 1);
  assert.ok(bench.lines.some((each) => each.includes("slow receiver")));
});

Deno.test("The publisher is told when all who subscribe threw the message away", async () => {
  const bench = new Bench();
  const deaf = bench.connect(limits, 1_000), publisher = bench.connect({}, 1 << 20);
  await deaf.send("sub a\n");
  await publisher.send(line.repeat(40));
  await bench.clock.move(250);
  await publisher.send("pub a late\n");
  assert.match(await publisher.until("overloaded\n"), /overloaded\n/);
});

Deno.test("A slow receiver that has drained is told what comes next", async () => {
  const bench = new Bench();
  const sleepy = bench.connect(limits, 1_000), publisher = bench.connect({}, 1 << 20);
  await sleepy.send("sub a\n");
  await publisher.send(line.repeat(100));
  await bench.clock.move(250);
  const seen = bench.sessions[0]!.seen.length;
  await sleepy.until(`a=${"x".repeat(993)}\n`.repeat(seen));
  await settle();
  assert.equal((bench.supervisor.tree()[0]!.detail as { slow: boolean }).slow, false);
  await publisher.send("pub a fresh\n");
  await sleepy.until("a=fresh\n");
  assert.ok(bench.sessions[0]!.drains > 0);
});

Deno.test("A receiver that does not read costs its neighbour at most the grace period", async () => {
  const bench = new Bench();
  const deaf = bench.connect(limits, 1_000), healthy = bench.connect(limits, 1 << 20);
  const publisher = bench.connect({}, 1 << 20);
  await deaf.send("sub a\n");
  await healthy.send("sub a\n");
  await publisher.send(line.repeat(300));
  await bench.clock.move(250);
  await healthy.until(`a=${"x".repeat(993)}\n`.repeat(300));
  assert.equal(bench.sessions[1]!.seen.length, 300);
  await publisher.send(line.repeat(300));
  await healthy.until(`a=${"x".repeat(993)}\n`.repeat(600));
  assert.equal(bench.clock.now(), 1_000_250);
});

Deno.test("A session that is congested holds publishers back too", async () => {
  const bench = new Bench();
  const busy = bench.connect(), publisher = bench.connect();
  await busy.send("sub a\n");
  bench.sessions[0]!.congested = true;
  await publisher.send("pub a 1\npub a 2\n");
  await publisher.until("accepted\n");
  assert.equal(bench.sessions[1]!.received, 1);
  bench.sessions[0]!.congested = false;
  await busy.send("say relieved\n");
  await settle();
  assert.equal(bench.sessions[1]!.received, 2);
});

Deno.test("A publisher that is held back can go, and so can the receiver that holds it", async () => {
  const bench = new Bench();
  const deaf = bench.connect(limits, 1_000);
  const leaving = bench.connect({}, 1 << 20), staying = bench.connect({}, 1 << 20);
  await deaf.send("sub a\n");
  await leaving.send(line.repeat(50));
  await staying.send(line.repeat(50));
  leaving.stream.close();
  await settle();
  deaf.stream.close();
  await settle();
  assert.equal(bench.sessions[2]!.received, 50);
  assert.equal(bench.supervisor.size, 1);
});

Deno.test("A flood from one turn to the next is held at the mailbox's mark, not lost", async () => {
  const bench = new Bench();
  const subscriber = bench.connect({ mailboxHighWater: 10 }), publisher = bench.connect();
  await subscriber.send("sub a\n");
  await publisher.send("pub a 1\n".repeat(1000));
  await subscriber.until("a=1\n".repeat(1000));
  const [node] = bench.supervisor.tree();
  assert.ok(node!.mailbox!.highWater <= 12, `${node!.mailbox!.highWater} messages waited`);
});

Deno.test("A peer that is hopelessly behind is told so, and hung up on", async () => {
  const bench = new Bench();
  const deaf = bench.connect({ outboxHighWaterBytes: 1_000, outboxBytes: 5_000 }, 100);
  await deaf.send("say a long line that is said again and again\n".repeat(200));
  await deaf.until("overloaded\n");
  assert.match(deaf.text, /overloaded\n$/);
  await deaf.until("never");
  assert.equal(deaf.ended, true);
});
