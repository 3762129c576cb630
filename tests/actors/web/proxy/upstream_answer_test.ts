import assert from "node:assert/strict";
import { fetchByName } from "../../../../actors/clients/fetch_by_name.ts";
import { useResolver } from "../../../../actors/clients/names.ts";
import { crossProxy, gateway, http, proxy, tcp } from "../../../../mod.ts";
import { Raw } from "../../../gateway/raw.ts";
import { within } from "../../../interop/patience.ts";
import { settled } from "../../../transports/streams.ts";
import { RawServer } from "../raw_server.ts";

/** Kept connections end some turns after their servers; they are no leak. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name,
    async fn() {
      await fn();
      await settled();
    },
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

/** What nobody has asked for, or what no client can be given. */
const UNFIT: readonly (readonly [string, string])[] = [
  ["changes the protocol", "101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
  ["says that it does", "101 Switching Protocols\r\n\r\n"],
  ["has a status below those that there are", "099 Odd\r\ncontent-length: 0\r\n\r\n"],
  ["has a status beyond those that there are", "600 Odd\r\ncontent-length: 0\r\n\r\n"],
  [
    "has a coding that hides its end",
    "200 OK\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n",
  ],
  ["is packed for the way", "200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello"],
  ["has two ends", "200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
];

/** The status that a gateway gives for a path. */
async function statusOf(port: number, path: string): Promise<string> {
  const raw = await Raw.dial(port);
  await raw.send(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  const answer = await raw.rest();
  raw.close();
  return answer.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length);
}

for (const [what, answer] of UNFIT) {
  test(`proxy() answers 502 when a server's answer ${what}`, async () => {
    await using server = new RawServer(`HTTP/1.1 ${answer}`, true);
    await using hub = gateway();
    const part = proxy({ to: [server.url] });
    hub.handle("/*", async (request, info) => (await part(request, info))!);
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    assert.equal(await within("an answer", statusOf(port, "/")), "502");
  });
}

for (const by of ["the system", "name servers"]) {
  test(`crossProxy() with names by ${by} passes no change of protocol on`, async () => {
    if (by === "name servers") useResolver({ lookup: (host) => Promise.resolve([host]) });
    try {
      for (const [what, answer] of UNFIT.slice(0, 4)) {
        await using server = new RawServer(`HTTP/1.1 ${answer}`, true);
        await using hub = gateway();
        hub.handle("/hc/*", crossProxy({ targets: [`${server.url}/`] }));
        const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
        assert.equal(await within(what, statusOf(port, `/hc/${server.url}/`)), "502", what);
      }
    } finally {
      useResolver(undefined);
    }
  });
}

test("proxy() passes a 205 on without the body that it must not have", async () => {
  await using server = new RawServer("HTTP/1.1 205 Reset\r\ncontent-length: 2\r\n\r\nhi");
  await using hub = gateway();
  const part = proxy({ to: [server.url] });
  hub.handle("/*", async (request, info) => (await part(request, info))!);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([answer.status, await answer.text()], [205, ""]);
});

test("proxy() gives nobody the answer that a server sends unasked behind another", async () => {
  const evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
  await using server = new RawServer(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi${evil}`);
  await using hub = gateway();
  const part = proxy({ to: [server.url] });
  hub.handle("/*", async (request, info) => (await part(request, info))!);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (let asked = 0; asked < 4; asked++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await answer.text(), "hi");
  }
});

test("proxy() asks nothing more over a connection on which a body may follow HEAD unasked", async () => {
  await using server = new RawServer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  await using hub = gateway();
  const part = proxy({ to: [server.url] });
  hub.handle("/*", async (request, info) => (await part(request, info))!);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (const [method, accepted] of [["GET", 1], ["HEAD", 2], ["GET", 2], ["HEAD", 3]] as const) {
    await (await fetch(`http://127.0.0.1:${port}/`, { method })).text();
    assert.equal(server.accepted, accepted);
  }
});

test("fetchByName says why it gave up", async () => {
  await using server = new RawServer("HTTP/1.1 200 OK\r\n");
  useResolver({ lookup: (host) => Promise.resolve([host]) });
  try {
    const signal = AbortSignal.timeout(10);
    await assert.rejects(fetchByName(server.url, { signal }), { name: "TimeoutError" });
  } finally {
    useResolver(undefined);
  }
});
