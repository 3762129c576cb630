import assert from "node:assert/strict";
import { watchFiles } from "../../../actors/command/deno_host.ts";
import { replaceFile } from "../../../actors/identity/replace_file.ts";
import { folder } from "../identity/people.ts";

const command = new URL("../../../actors/command/", import.meta.url);

/** A program around a gateway that does nothing until it is told to stop. */
const program = `
import { run } from ${JSON.stringify(new URL("command.ts", command).href)};
import { denoHost } from ${JSON.stringify(new URL("deno_host.ts", command).href)};
Deno.exit(await run(Deno.args, denoHost({
  version: "1.2.3", program: "meerkat", limits: {},
  serve(settings) {
    const alive = setInterval(() => {}, 1000);
    return Promise.resolve({
      listeners: settings.listen.map(({ url }) => url.url),
      finished: new Promise(() => {}),
      stop(drainMs) {
        if (drainMs > 0) return new Promise(() => {});
        clearInterval(alive);
        return Promise.resolve();
      },
    });
  },
})));
`;

/** Starts it without a single permission. */
async function start(...args: string[]): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", "-", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  return child;
}

/** Lines as they come. */
function linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return text;
      text += value;
    }
    const [line = "", ...rest] = text.split("\n");
    text = rest.join("\n");
    return line;
  };
}

const options = { sanitizeOps: true, sanitizeResources: true };

Deno.test("the command runs without any permission and stops on SIGTERM", options, async () => {
  const child = await start("--drain", "0s");
  const [out, err] = [linesOf(child.stdout), linesOf(child.stderr)];
  assert.equal(await out(), "listening http://127.0.0.1:8080");
  assert.equal(await out(), "listening mqtt://127.0.0.1:1883");
  assert.equal(await out(), "listening coap://127.0.0.1:5683");
  child.kill("SIGTERM");
  assert.match(await err(), / info stopping signal=SIGTERM drainMs=0$/);
  assert.equal((await child.status).code, 0);
  assert.deepEqual([await out(), await err()], ["", ""]);
});

Deno.test("the command ends with 1 on a second signal", options, async () => {
  const child = await start("--listen", "8000");
  const [out, err] = [linesOf(child.stdout), linesOf(child.stderr)];
  assert.equal(await out(), "listening http://127.0.0.1:8000");
  child.kill("SIGINT");
  assert.match(await err(), / info stopping signal=SIGINT drainMs=10000$/);
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 1);
  assert.deepEqual([await out(), await err()], ["", ""]);
});

Deno.test("A file that is watched is heard of when it was written, and on SIGHUP", async () => {
  await using dir = await folder();
  const file = `${dir.path}/meerkat.json`, link = `${dir.path}/link.json`;
  await Deno.symlink(file, link);
  const ways = [() => replaceFile(file, "{ }"), hangUp];
  for (const way of [() => Deno.writeTextFile(file, "{}"), ...ways]) {
    const told = Promise.withResolvers<void>();
    const forget = watchFiles([link], () => told.resolve());
    await way();
    await told.promise;
    forget();
  }
});

function hangUp(): void {
  Deno.kill(Deno.pid, "SIGHUP");
}

Deno.test("the command names the permission that a file needs", options, async () => {
  const child = await start("--config", "m.json");
  const { code, stderr } = await child.output();
  assert.equal(code, 2);
  assert.equal(
    new TextDecoder().decode(stderr),
    'Cannot read the configuration "m.json": Deno was not allowed to; ' +
      "run it with --allow-read=m.json\n",
  );
});
