import assert from "node:assert/strict";
import { gateway, Log, MemoryTransport, mqtt, sqliteStore } from "../../../mod.ts";
import { type Row, RowFaults, type Table } from "../../../actors/store/row_faults.ts";
import { exportStore, importStore } from "../../../actors/store/transfer.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { dice } from "../../protocols/mqtt/dice.ts";

const log = new Log({ sink: () => {} });
const extra = JSON.stringify({
  contentType: "text/plain",
  properties: {
    payloadFormat: 1,
    expirySeconds: 100_000_000,
    responseTopic: "a",
    correlationData: "AA==",
    userProperties: [["a", "b"]],
  },
});
const identity = { clientId: "s", groups: ["g"], address: "[::1]:1", listener: "tcp" };
const will = { topic: "wills/s", payload: "AA==", flags: 5, extra: null };
const time = 1_800_000_000_000;

/** One row of everything that there is. */
const rows: readonly Record<string, unknown>[] = [
  { store: "meerkat", version: 1 },
  { table: "retained", topic: "r", qos: 1, time, extra, payload: "x" },
  {
    table: "sessions",
    key: 1,
    name: "s",
    identity: JSON.stringify(identity),
    expiry: 4_294_967_295,
    expires_at: null,
    will_delay: 5,
    will_at: time,
    will: JSON.stringify(will),
  },
  { table: "groups", key: 2, name: "$share/g/a" },
  { table: "groups", key: 3, name: "$bridge/up" },
  { table: "subscriptions", session: 1, filter: "$share/g/a", flags: 1, id: null },
  { table: "subscriptions", session: 1, filter: "a/+", flags: 10, id: 7 },
  ...[10, 11, 12].map((number, at) => ({
    table: "messages",
    number,
    topic: "a/1",
    flags: 18,
    time,
    extra: at === 0 ? extra : null,
    owner: 1,
    packet_id: at === 2 ? null : 5 + at,
    received: at === 1 ? 1 : 0,
    payload: `m${number}`,
  })),
  {
    table: "messages",
    number: 13,
    topic: "a",
    flags: 9,
    time,
    extra: null,
    owner: 2,
    packet_id: null,
    received: 0,
    payload: "/w==",
    encoding: "base64",
  },
  { table: "ids", session: 1, packet_id: 9 },
  { table: "ids", session: 3, packet_id: 9 },
  { table: "history", number: 14, rule: "h/#", topic: "h/1", flags: 1, time, extra, payload: "x" },
];
const lines = rows.map((row) => JSON.stringify(row));

async function* each(given: readonly string[]): AsyncGenerator<string> {
  for (const line of given) yield await Promise.resolve(line);
}

/** True when the lines were taken; then a gateway can use them, and their session. */
async function isTaken(given: readonly string[]): Promise<boolean> {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  try {
    await importStore(file, each(given), "all.ndjson");
    await using hub = gateway({ log, store: sqliteStore(file) });
    const transport = new MemoryTransport();
    await hub.listen(transport, mqtt()).ready;
    const client = new MqttClient(transport.connect());
    // Where it became another user's session it is refused.
    if ((await client.introduce({ clientId: "s", clean: false })).reason === 0) {
      await client.send({ type: "pingreq" });
      while ((await client.next()).type !== "pingresp") { /* What waited for it. */ }
    }
    await client.close();
    await hub.stop({ drainMs: 0 });
    return true;
  } catch (error) {
    assert.match((error as Error).message, /^Cannot import all\.ndjson:\d+: ./);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    return false;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function withLine(at: number, line: string): string[] {
  return lines.map((each, place) => place === at ? line : each);
}

Deno.test("What was imported is exported again as it was", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  assert.equal(await importStore(file, each(lines)), lines.length);
  const again = [...exportStore(file)].map((line) => JSON.parse(line));
  assert.deepEqual(again, rows.map((row) => ({ ...row })));
  await Deno.remove(folder, { recursive: true });
  assert.equal(await isTaken(lines), true);
});

/** What is wrong with the first of these rows that is not right. */
function faultOf(given: readonly Record<string, unknown>[]): string | undefined {
  const faults = new RowFaults();
  for (const { table, encoding: _, ...row } of given) {
    if (typeof row.payload === "string") row.payload = new TextEncoder().encode(row.payload);
    const fault = faults.of(table as Table, row as Row);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

Deno.test("An import with a wrong value in any column, or without it, is refused", () => {
  const hostile = [-1, 1.5, 1e300, true, [], {}, { a: 1 }, "a/#/b", "\0", "{}", "[]", "null"];
  const given = rows.slice(1);
  assert.equal(faultOf(given), undefined);
  for (const [at, row] of given.entries()) {
    for (const name of Object.keys(row)) {
      if (name === "table" || name === "encoding") continue;
      for (const value of hostile) {
        // Any text is a name, and these are topics.
        const isText = typeof value === "string";
        if (isText && /^(name|rule|payload)$/.test(name)) continue;
        if (isText && /^(topic|filter)$/.test(name) && /^[[{n]/.test(value)) continue;
        // A property that nobody knows is passed over, and a moment may be long ago.
        if (name === "extra" && value === "{}") continue;
        if (/^(time|expires_at|will_at)$/.test(name) && value === -1 && row.table !== "messages") {
          continue;
        }
        const changed = given.with(at, { ...row, [name]: value });
        assert.match(faultOf(changed) ?? "nothing", new RegExp(`^${name} of ${row.table} is `));
      }
      const { [name]: _, ...rest } = row;
      assert.match(faultOf(given.with(at, rest)) ?? "nothing", / is missing: it has to be /);
    }
  }
});

Deno.test("An import of lines that are none of an export is refused with their place", async () => {
  const strange = ["null", "[]", "7", "{", "\0", '{"table":"toString"}', '{"table":["ids"]}'];
  const payload = { ...rows[1], payload: "?", encoding: "hex" };
  for (const line of [...strange, JSON.stringify(payload), "x".repeat(1 << 20)]) {
    assert.equal(await isTaken(withLine(5, line)), false, line.slice(0, 80));
  }
});

Deno.test("An import with a row twice, or without the one it belongs to, is refused", async () => {
  for (const at of rows.keys()) {
    const twice = [...lines.slice(0, at + 1), ...lines.slice(at)];
    assert.equal(await isTaken(twice), false, `twice: ${lines[at]}`);
  }
  for (const missing of [0, 2, 3, 4]) {
    assert.equal(await isTaken(lines.filter((_, at) => at !== missing)), false, lines[missing]);
  }
  for (const packet_id of [5, 6]) {
    const line = JSON.stringify({ ...rows[9], packet_id });
    assert.equal(await isTaken(withLine(9, line)), false, "an identifier twice");
  }
});

Deno.test("An import cut short, or with any byte changed, is refused or can be used", async () => {
  const roll = dice(7);
  let taken = 0;
  for (let round = 0; round < 100; round++) {
    const at = 1 + roll(lines.length - 1), line = lines[at]!, place = roll(line.length);
    const cut = line.slice(0, place);
    const changed = cut + String.fromCharCode(32 + roll(95)) + line.slice(place + 1);
    if (await isTaken(withLine(at, roll(2) === 0 ? cut : changed))) taken++;
  }
  assert.ok(taken > 0 && taken < 100, `${taken}`);
});
