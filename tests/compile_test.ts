import assert from "node:assert/strict";

/** `deno compile` needs a base executable, which is not in the npm package of Deno. */
const base = Deno.env.get("DENORT_BIN");

Deno.test({
  name: base
    ? "deno task compile makes an executable that listens and stops"
    : "deno task compile makes an executable (skipped: DENORT_BIN names no base executable)",
  ignore: !base,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const executable = `${folder}/meerkat`;
      const compiled = await new Deno.Command(Deno.execPath(), {
        args: [
          "compile",
          "-A",
          "--include",
          "actors/store/worker.ts",
          "--output",
          executable,
          "mod.ts",
        ],
        cwd: new URL("../", import.meta.url),
      }).output();
      assert.equal(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
      // An empty folder and an empty environment: everything must be inside.
      const process = new Deno.Command(executable, {
        args: [
          "--listen",
          "mqtt://127.0.0.1:0",
          "--listen",
          "http://127.0.0.1:0",
          "--data",
          "meerkat.db",
        ],
        cwd: folder,
        clearEnv: true,
        stdout: "piped",
      }).spawn();
      const url = await firstUrl(process.stdout, /listening http:(\S+)/);
      const answer = await fetch(`http:${url}/`);
      assert.match(await answer.text(), /Meerkat/);
      process.kill("SIGTERM");
      assert.equal((await process.status).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function firstUrl(output: ReadableStream<Uint8Array>, wanted: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of output.pipeThrough(new TextDecoderStream() as TransformStream)) {
    text += chunk;
    const found = wanted.exec(text);
    if (found) return found[1]!;
  }
  throw new Error(`Cannot find ${wanted} in the output: ${text}`);
}
