import assert from "node:assert/strict";
import { run } from "../interop/child.ts";
import { dialMqtt } from "../interop/mqtt_client.ts";
import { program, testWith } from "../interop/programs.ts";
import { listening, type Running, start } from "./meerkat.ts";
import { permissions } from "./permissions.ts";

const noPrompt = "--no-prompt";
const defaults = ["http://127.0.0.1:8080", "mqtt://127.0.0.1:1883", "coap://127.0.0.1:5683"];

/** True when nothing else listens where the gateway does by default. */
function usualPortsAreFree(): boolean {
  try {
    for (const port of [8080, 1883]) Deno.listen({ hostname: "127.0.0.1", port }).close();
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 5683 }).close();
    return true;
  } catch {
    return false;
  }
}

/** HTTP, MQTT and CoAP clients are served. */
async function serves({ ports: [web, broker, sensor] }: Pick<Running, "ports">): Promise<void> {
  const client = await dialMqtt(broker!, { clientId: "least" });
  await client.subscribe("least", 1);
  await run(program("curl"), "-sS", "--fail", "-d", "1", `http://127.0.0.1:${web}/topics/least`);
  assert.equal(await client.nextText(), "1");
  const url = `coap://127.0.0.1:${sensor}/topics/least`;
  await run(program("coap-client"), "-m", "post", "-e", "2", url);
  assert.equal(await client.nextText(), "2");
  await client.close();
}

testWith(["curl", "coap-client"], "Three listeners run with the least permissions", async () => {
  const urls = ["http://127.0.0.1:0", "mqtt://127.0.0.1:0", "coap://127.0.0.1:0"];
  await using gateway = await listening(urls, [], { deno: [noPrompt, ...permissions] });
  await serves(gateway);
  gateway.child.kill("SIGTERM");
  const { code, stderr } = await gateway.child.ended();
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^\S+ info stopping signal=SIGTERM drainMs=10000\n\S+ info stopped http.requests=1\n$/,
  );
});

const isFree = usualPortsAreFree();
Deno.test({
  name: "The default set-up runs with the least permissions" +
    (isFree ? "" : " (skipped: another program listens on a usual port)"),
  ignore: !isFree,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using child = start([], { deno: [noPrompt, ...permissions] });
    const lines = await child.linesFrom(0, 3);
    assert.deepEqual(lines, defaults.map((url) => `listening ${url}`));
    child.kill("SIGINT");
    assert.equal((await child.ended()).code, 0);
  },
});

testWith([], "Without its permission the gateway names the one that is missing", async () => {
  for (const url of defaults) {
    const args = ["--listen", url.replace(/\d+$/, "0")];
    await using child = start(args, { deno: [noPrompt] });
    const { code, stderr } = await child.ended();
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot listen on .*run it with --allow-net=127\.0\.0\.1:0$/m);
  }
});

testWith([], "Without its permission a bridge keeps the gateway from starting", async () => {
  const folder = await Deno.makeTempDir(), config = `${folder}/meerkat.json`;
  const routes = [{ direction: "in", filter: "#" }];
  const bridges = [{ name: "up", url: "mqtt://127.0.0.1:1", routes }];
  const settings = { listen: ["http://127.0.0.1:0"], bridges };
  await Deno.writeTextFile(config, JSON.stringify(settings));
  try {
    const flags = [noPrompt, "--allow-net=127.0.0.1", `--allow-read=${folder}`];
    await using child = start(["--config", config], { deno: flags });
    const { code, stderr } = await child.ended();
    assert.equal(code, 1);
    const said = /^Cannot start: the bridge up: Deno was not allowed to; run it with --allow-env$/m;
    assert.match(stderr, said);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith([], "Without its permissions a store names all of them, and runs with these", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  const args = ["--listen", "http://127.0.0.1:0", "--data", file], net = "--allow-net=127.0.0.1";
  try {
    await using refused = start(args, { deno: [noPrompt, net] });
    const { code, stderr } = await refused.ended();
    assert.equal(code, 1);
    const said = /^Cannot start: Cannot use \S+: Deno was not allowed to; run it with (.*)\n$/;
    const [, flags = ""] = said.exec(stderr) ?? assert.fail(stderr);
    await using running = start(args, { deno: [noPrompt, net, ...flags.split(" ")] });
    await running.linesFrom(0, 1);
    running.kill("SIGTERM");
    assert.equal((await running.ended()).code, 0);
    const copy = `${folder}/copy.db`;
    await using backup = start(["backup", copy, "--data", file], {
      deno: [noPrompt, `--allow-read=${folder}`, `--allow-write=${folder}`],
    });
    const { stdout, stderr: complaint } = await backup.ended();
    assert.equal(new TextDecoder().decode(stdout), `${file} copied to ${copy}\n`, complaint);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith([], "Without a permission commands say in one line which flag is missing", async () => {
  const commands: [args: string, flag: string][] = [
    ["pub mqtt://127.0.0.1:1 -t a -m 1", "--allow-env"],
    ["sub mqtt://127.0.0.1:1 -t a", "--allow-env"],
    ["get http://127.0.0.1:8/", "--allow-net=127.0.0.1:8"],
    ["get coap://127.0.0.1:8/", "--allow-net=0.0.0.0:0"],
    ["observe coap+tcp://127.0.0.1:8/", "--allow-net=127.0.0.1:8"],
  ];
  for (const [args, flag] of commands) {
    await using child = start(args.split(" "), { deno: [noPrompt] });
    const { code, stderr } = await child.ended();
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot [^\n]*\n$/);
    assert.ok(stderr.endsWith(`Deno was not allowed to; run it with ${flag}\n`), stderr);
  }
});

testWith([], "The README shows the least permissions", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url)).catch(() => "");
  // Lines are wrapped with a backslash.
  const joined = text.replace(/\s*\\\n\s*/g, " ");
  if (text !== "") assert.ok(joined.includes(`deno run ${permissions.join(" ")} mod.ts`));
});
