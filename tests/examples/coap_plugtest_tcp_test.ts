import assert from "node:assert/strict";
import { Folder } from "../actors/web/folder.ts";
import { testWith } from "../interop/programs.ts";
import { Plugtest } from "./plugtest_client.ts";

async function overTcp(times: Parameters<typeof Plugtest.start>[0] = {}): Promise<Plugtest> {
  const at = await Plugtest.start(times);
  at.scheme = "coap+tcp";
  return at;
}

testWith(["coap-client"], "Plugtest over TCP: the methods of /test", async () => {
  await using at = await overTcp();
  assert.equal(await at.body("/test"), "Hello, plugtest");
  await at.body("/test", "-m", "put", "-e", "mine");
  assert.equal(await at.body("/test"), "mine");
  await at.body("/test", "-m", "delete");
  assert.equal(await at.body("/test"), "Hello, plugtest");
  assert.match(await at.body("/multi-format", "-A", "47"), /^4\.06/);
});

testWith(["coap-client"], "Plugtest over TCP: /separate needs no acknowledgement", async () => {
  await using at = await overTcp({ separateMs: 400 });
  assert.equal(await at.body("/separate"), "That took a while");
});

testWith(["coap-client"], "Plugtest over TCP: large bodies both ways", async () => {
  const body = Array.from({ length: 2_000 }, (_, line) => `line ${line}`).join("\n");
  await using folder = await Folder.make({ body });
  await using at = await overTcp();
  assert.match(await at.body("/large"), /^0001[^]*0024\.+\n$/);
  await at.body("/large-update", "-m", "put", "-t", "0", "-f", `${folder.path}/body`);
  assert.equal(await at.body("/large-update"), body);
  const post = ["-m", "post", "-f", `${folder.path}/body`];
  assert.match(await at.body("/large-post", ...post), new RegExp(`You sent ${body.length} bytes$`));
});

testWith(["coap-client"], "Plugtest over TCP: observers hear each value, and the end", async () => {
  await using at = await overTcp({ everyMs: 20 });
  await using observer = at.observe("/obs");
  const told = () => [...new TextDecoder().decode(observer.child.stdout).matchAll(/:: '(\d+)'/g)];
  const counts = await observer.child.until(
    "five values",
    () => told().length > 4 ? told() : undefined,
  );
  assert.ok(
    counts.every(([, count], at) => at === 0 || Number(count) > Number(counts[at - 1]![1])),
  );
  await at.body("/obs", "-m", "delete");
  await observer.child.complains("4.04 Deleted");
});
