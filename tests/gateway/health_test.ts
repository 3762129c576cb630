import assert from "node:assert/strict";
import { gateway, http, Log, Refusal, tcp } from "../../mod.ts";

const log = new Log({ sink: () => {} });

async function withGateway(
  work: (hub: ReturnType<typeof gateway>, url: string) => Promise<void>,
): Promise<void> {
  await using hub = gateway({ log });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  await work(hub, `http://127.0.0.1:${port}/health`);
}

Deno.test("GET /health says that all is well, to whoever asks", () =>
  withGateway(async (hub, url) => {
    const refuseAll = new Refusal("Nobody may", "credentials");
    hub.use({ authenticate: () => refuseAll });
    assert.equal((await (await fetch(new URL("/", url))).text()).trim(), "Nobody may");
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.deepEqual(await answer.json(), { status: "ok", store: "none" });
    const head = await fetch(url, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
    const post = await fetch(url, { method: "POST", body: "1" });
    assert.equal(post.status, 405);
    assert.equal(post.headers.get("allow"), "GET, HEAD");
    assert.equal(await post.text(), "Cannot POST the health: it can be read\n");
  }));

Deno.test("An application's own handler of /health goes first, and one of everything does not", () =>
  withGateway(async (hub, url) => {
    hub.handle("/*", () => new Response("everything"));
    assert.equal((await (await fetch(url)).json()).status, "ok");
    hub.handle("/health", () => new Response("mine"));
    assert.equal(await (await fetch(url)).text(), "mine");
  }));
