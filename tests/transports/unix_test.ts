import assert from "node:assert/strict";
import { SocketStream } from "../../transports/socket.ts";
import { unix } from "../../transports/unix.ts";
import { type Ends, strict, testStreams } from "./streams.ts";

const ignore = Deno.build.os === "windows";

/** A path for a socket, in a directory that goes when the test ends. */
async function place(): Promise<{ path: string } & AsyncDisposable> {
  const directory = await Deno.makeTempDir();
  return {
    path: `${directory}/socket`,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

async function open(): Promise<Ends> {
  const { path, [Symbol.asyncDispose]: remove } = await place();
  const listener = await unix({ path }).listen();
  const accepting = listener.accept();
  const client = new SocketStream(await Deno.connect({ transport: "unix", path }), path);
  const server = (await accepting)!;
  assert.equal(server.peer, path);
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      for (const each of [client, server, listener]) each.close();
      await remove();
    },
  };
}

if (!ignore) testStreams("unix()", open);

function test(name: string, body: (path: string) => Promise<void>): void {
  Deno.test({
    name: `unix() ${name}`,
    ignore,
    ...strict,
    async fn() {
      await using where = await place();
      await body(where.path);
    },
  });
}

/** Leaves a socket file behind, as a process that is killed does. */
async function abandon(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path: `${path}.old` });
  await Deno.rename(`${path}.old`, path);
  listener.close();
}

test("says where it listens and removes the file once closed", async (path) => {
  const listener = await unix({ path }).listen();
  assert.deepEqual(listener.address, { host: path, port: 0 });
  const accepting = listener.accept();
  assert.ok((await Deno.lstat(path)).isSocket);
  listener.close();
  listener.close();
  assert.equal(await accepting, undefined);
  assert.equal(await listener.accept(), undefined);
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

test("gives the file the mode it is told", async (path) => {
  const listener = await unix({ path, mode: 0o640 }).listen();
  assert.equal((await Deno.lstat(path)).mode! & 0o777, 0o640);
  listener.close();
});

test("replaces a socket file that nobody listens on", async (path) => {
  await abandon(path);
  assert.ok((await Deno.lstat(path)).isSocket);
  const listener = await unix({ path }).listen();
  const client = await Deno.connect({ transport: "unix", path });
  (await listener.accept())!.close();
  client.close();
  listener.close();
});

test("does not replace one that somebody listens on", async (path) => {
  const listener = await unix({ path }).listen();
  await assert.rejects(async () => await unix({ path }).listen(), {
    message: `Cannot listen on ${path}: another process listens there, choose another path`,
  });
  (await listener.accept())!.close();
  listener.close();
});

test("does not replace a file of another kind", async (path) => {
  await Deno.writeTextFile(path, "precious");
  await assert.rejects(async () => await unix({ path }).listen(), /not a socket/);
  assert.equal(await Deno.readTextFile(path), "precious");
});

test("names the path when there is no such directory", async (path) => {
  const missing = `${path}/missing/socket`;
  await assert.rejects(async () => await unix({ path: missing }).listen(), (error: Error) => {
    return error.message.startsWith(`Cannot listen on ${missing}: `);
  });
});
