import assert from "node:assert/strict";
import { main } from "../../examples/tcp_echo.ts";
import { within } from "../interop/patience.ts";

Deno.test({
  name: "The echo gives back 8 MiB, byte for byte",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { hub, port } = await main(0);
    await using _ = hub;
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    const sent = Uint8Array.from({ length: 8 << 20 }, (_, at) => at * 31 >> 3);
    const writing = write(client, sent);
    const received = await within("the echo", read(client, sent.length));
    await writing;
    assert.ok(Uint8Array.prototype.every.call(received, (byte, at) => byte === sent[at]));
  },
});

async function write(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
  await to.closeWrite();
}

async function read(from: Deno.TcpConn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await from.read(bytes.subarray(at));
    assert.notEqual(count, null, `The stream ended after ${at} bytes`);
    at += count!;
  }
  assert.equal(await from.read(new Uint8Array(1)), null);
  return bytes;
}
