import assert from "node:assert/strict";
import type { CommandHost } from "../../../actors/command/command.ts";
import { FakeHost } from "./fakes.ts";

/** Who is never asked anything: what is wrong is said before. */
const client = {
  variable: () => undefined,
  write: (bytes: Uint8Array) => assert.fail(`wrote ${bytes.length} bytes`),
} as unknown as CommandHost["client"];

const noUrl = "Missing URL: give one such as coap://127.0.0.1/topics/a";
const noBroker = "Missing URL: give one such as mqtt://127.0.0.1:1883";
const noBody = "Cannot tell what to publish: give one of -m, -f and -s";
const known = "give a URL such as coap://127.0.0.1/topics/a; known are " +
  "coap, coap+tcp, coaps+tcp, http, https";

const lines: [args: string, ...lines: string[]][] = [
  ["get", noUrl],
  ["put", noUrl, noBody],
  ["post", noUrl],
  ["delete", noUrl],
  ["observe", noUrl],
  ["get topics/a", `Cannot ask "topics/a": ${known}`],
  ["get ftp://x", `Cannot ask "ftp://x": ${known}`],
  ["observe mqtt://x", 'Cannot ask "mqtt://x": use the commands pub and sub for MQTT'],
  [
    "pub",
    noBroker,
    "Missing -t TOPIC: where to publish",
    "Cannot tell what to publish: give one of -m, -f, -l, -s and -n",
  ],
  ["pub mqtt://x -m 1", "Missing -t TOPIC: where to publish"],
  [
    "pub coap://x -t a -m 1",
    'Cannot connect to "coap://x": use the commands put, post and observe for HTTP and CoAP',
  ],
  ["sub", noBroker, "Missing -t FILTER: what to subscribe to"],
  ["sub mqtt://x -t a/#/b", 'Cannot subscribe to "a/#/b": "#" must be the last level'],
  ["resolve", "Missing NAME: give one such as example.org"],
];

for (const [args, ...expected] of lines) {
  Deno.test(`meerkat ${args} exits with 1 after saying what is missing or wrong`, async () => {
    const host = Object.assign(new FakeHost(), { client });
    assert.equal(await host.run(...args.split(" ")), 1);
    assert.deepEqual([host.err, host.out], [expected, []]);
  });
}

const usages: [args: string, line: string][] = [
  ["import", "Missing FROM: give import FROM [--data FILE]"],
  ["backup", "Missing TO: give backup TO [--data FILE]"],
  ["backup a b", 'Unexpected "b": give backup TO [--data FILE]'],
  ["export --dat x", 'Unknown flag "--dat": give export [--data FILE]'],
  ["export --data", 'Cannot use "--data" so: give export [--data FILE]'],
  [
    "cert --hots x",
    'Unknown flag "--hots": give cert [FOLDER] [--host NAME …] [--client NAME …] [--revoke FILE …] [--days N]',
  ],
];

for (const [args, line] of usages) {
  Deno.test(`meerkat ${args} exits with 2 after one line`, async () => {
    const host = new FakeHost();
    assert.equal(await host.run(...args.split(" ")), 2);
    assert.deepEqual([host.err, host.out], [[line], []]);
  });
}

Deno.test("meerkat import names the file that is not there, and makes no store", async () => {
  const folder = await Deno.makeTempDir(), host = new FakeHost();
  try {
    assert.equal(await host.run("import", "no.ndjson", "--data", `${folder}/new.db`), 1);
    assert.deepEqual(host.err, ['Cannot import "no.ndjson": there is no such file or folder']);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("meerkat passwd exits with 2 after one line", async () => {
  const host = new FakeHost();
  assert.equal(await host.run("passwd"), 2);
  assert.deepEqual(host.err, ["Missing what to do: give set, del, list or verify"]);
});
