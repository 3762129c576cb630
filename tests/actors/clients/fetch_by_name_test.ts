import assert from "node:assert/strict";
import { fetchByName } from "../../../actors/clients/fetch_by_name.ts";
import { useResolver } from "../../../actors/clients/names.ts";
import { connectWebSocket, gateway, http, proxy, tcp } from "../../../mod.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** Has every name end in `.test` be this machine while `fn` runs; what was looked up. */
async function withNames(fn: () => Promise<void>): Promise<string[]> {
  const asked: string[] = [];
  useResolver({
    lookup(host) {
      asked.push(host);
      return host.endsWith(".test")
        ? Promise.resolve(["127.0.0.1"])
        : Promise.reject(new Error(`Cannot resolve ${host}`));
    },
  });
  try {
    await fn();
  } finally {
    useResolver(undefined);
  }
  return asked;
}

/** A server that says what it was asked. */
async function server(hub: ReturnType<typeof gateway>): Promise<number> {
  hub.handle("/asked", async (request) => {
    const { method, headers } = request;
    return new Response(`${method} ${headers.get("host")} ${await request.text()}`);
  });
  hub.handle("/gone", () => new Response(null, { status: 204 }));
  return (await hub.listen(tcp({ port: 0 }), http()).ready).port;
}

Deno.test(
  "fetchByName asks the name servers that are set, and the system without",
  strict,
  async () => {
    await using hub = gateway();
    const port = await server(hub), signal = AbortSignal.timeout(60_000);
    const asked = await withNames(async () => {
      const url = `http://service.test:${port}/asked`;
      const answer = await fetchByName(url, { method: "POST", body: "hello", signal });
      assert.equal(await answer.text(), `POST service.test:${port} hello`);
      const gone = await fetchByName(`http://service.test:${port}/gone`, { signal });
      assert.deepEqual([gone.status, await gone.text()], [204, ""]);
      await assert.rejects(fetchByName("http://service.example/", { signal }), /Cannot resolve/);
    });
    assert.deepEqual([...new Set(asked)], ["service.test", "service.example"]);
    const plain = await fetchByName(`http://127.0.0.1:${port}/asked`, { signal });
    assert.equal(await plain.text(), `GET 127.0.0.1:${port} `);
  },
);

Deno.test("Proxies and WebSockets of ours ask the name servers that are set", strict, async () => {
  await using behind = gateway(), front = gateway();
  const port = await server(behind);
  behind.websocket("/chat", (socket) => socket.send("welcome"));
  const pass = proxy({ path: "/api", to: [`http://upstream.test:${port}`] });
  front.handle("/api/*", async (request, info) => (await pass(request, info))!);
  const web = await front.listen(tcp({ port: 0 }), http()).ready;
  const asked = await withNames(async () => {
    const answer = await fetch(`http://127.0.0.1:${web.port}/api/asked`);
    assert.match(await answer.text(), /^GET /);
    const socket = connectWebSocket(`ws://chat.test:${port}/chat`);
    assert.equal(
      await new Promise((heard) => socket.onmessage = ({ data }) => heard(data)),
      "welcome",
    );
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  });
  assert.deepEqual([...new Set(asked)], ["upstream.test", "chat.test"]);
});
