import assert from "node:assert/strict";
import { testWith } from "../../interop/programs.ts";
import { randoms } from "../../protocols/websocket/peer.ts";
import { certificates } from "../../transports/tls/certificates.ts";
import { identityFiles } from "../identity/identity_files.ts";
import { type Probe, Probed } from "./probe.ts";
import { passBy, passByTls } from "./storm.ts";

/** What may have come in addition after 10,000 connections: far less than one thing for each. */
const allowed = {
  /** 200 bytes for each connection; an actor alone takes more. */
  heapBytes: 2 << 20,
  /** The pool keeps 4 MiB of buffers of each of its ten sizes. */
  externalBytes: 40 << 20,
  /** The system gives memory out in larger pieces, and takes it back reluctantly. */
  residentBytes: 96 << 20,
  /** The runtime opens a few of its own when it first needs them. */
  descriptors: 8,
};

/** Has `count` connections come and go, `atOnce` of them at a time. */
async function storm(count: number, atOnce: number, visit: () => Promise<void>): Promise<void> {
  for (let left = count; left > 0; left -= atOnce) {
    await Promise.all(Array.from({ length: atOnce }, visit));
  }
}

type Allowance = typeof allowed;

function assertNoGrowth(before: Probe, after: Probe, allowance: Allowance): void {
  for (const [what, most] of Object.entries(allowance)) {
    const name = what as keyof Allowance;
    if (Number.isNaN(before[name])) continue;
    const more = after[name] - before[name];
    assert.ok(more <= most, `${more} more ${name}, ${before[name]} before, seed ${seed}`);
  }
  assert.deepEqual(after.crashes, []);
}

const seed = Number(Deno.env.get("SEED") ?? 20_251_121);

testWith([], "Nothing is left of 10,000 connections dropped in random states", async () => {
  await using probed = new Probed();
  const ports = await probed.ports();
  const fresh = await probed.look();
  const random = randoms(seed);
  // Code is compiled only once, and buffers are pooled.
  await storm(5_000, 250, () => passBy(ports, random));
  const before = await probed.settled(fresh, seed);
  await storm(10_000, 250, () => passBy(ports, random));
  // Node's timer of a handshake keeps what it was for until it has run out, 10 s later.
  const heapBytes = 16 << 20;
  assertNoGrowth(before, await probed.settled(fresh, seed), { ...allowed, heapBytes });
});

testWith(
  ["openssl"],
  "Nothing is left of 1,000 TLS connections dropped in random states",
  async () => {
    await using files = await identityFiles();
    await using probed = new Probed(files.cert, files.key);
    const ports = await probed.ports();
    const fresh = await probed.look();
    const random = randoms(seed);
    const caCerts = [certificates().ca];
    await storm(500, 50, () => passByTls(ports, random, caCerts));
    const before = await probed.settled(fresh, seed);
    await storm(1_000, 50, () => passByTls(ports, random, caCerts));
    // Node's timer of a handshake keeps what it was for until it has run out, 10 s later.
    const heapBytes = 16 << 20;
    assertNoGrowth(before, await probed.settled(fresh, seed), { ...allowed, heapBytes });
  },
);
