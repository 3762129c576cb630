import assert from "node:assert/strict";
import { coap, gateway, udp } from "../../mod.ts";
import { run } from "./child.ts";
import { program, testWith } from "./programs.ts";

/** A file of `length` bytes, as long as a test. */
async function bigFile(
  length: number,
): Promise<{ path: string; bytes: Uint8Array } & AsyncDisposable> {
  const path = await Deno.makeTempFile();
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 2654435761) >>> 24);
  await Deno.writeFile(path, bytes);
  return { path, bytes, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** Runs coap-client, which prints nothing but the payload of a success, and says why of all else. */
async function client(...args: string[]): Promise<Uint8Array> {
  const { stdout, stderr } = await run(program("coap-client"), "-B", "30", ...args);
  if (stderr.length > 0) throw new Error(`coap-client said: ${stderr}`);
  return stdout;
}

testWith(
  ["coap-client"],
  "coap-client puts and gets 1 MiB, and reads one block of it",
  async () => {
    await using hub = gateway();
    const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
    const url = `coap://127.0.0.1:${port}/topics/big`;
    await using file = await bigFile(1 << 20);
    await client("-m", "put", "-f", file.path, url);
    assert.deepEqual(hub.retained("big")!.payload, file.bytes);
    assert.deepEqual(new Uint8Array(await client("-o", "-", url)), file.bytes);
    const block = await client("-b", "1000,256", "-o", "-", url);
    assert.deepEqual(new Uint8Array(block), file.bytes.subarray(256_000, 256_256));
  },
);

testWith(["coap-client"], "coap-client is told how much may be put", async () => {
  await using hub = gateway();
  const limits = { maxPayloadBytes: 3000 };
  const { port } = await hub.listen(udp({ port: 0 }), coap(limits)).ready;
  await using file = await bigFile(3001);
  const args = ["-m", "put", "-f", file.path, `coap://127.0.0.1:${port}/topics/big`];
  const { stdout, stderr } = await run(program("coap-client"), "-B", "10", ...args);
  assert.match(new TextDecoder().decode(stdout) + stderr, /4\.13.*3000 bytes/);
  assert.equal(hub.retained("big"), undefined);
});
