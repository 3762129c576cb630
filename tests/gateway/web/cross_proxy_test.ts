import assert from "node:assert/strict";
import { coap, coapClient, crossProxy, gateway, http, tcp, udp } from "../../../mod.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** A gateway that stands for the servers behind, and one that forwards. */
async function pair() {
  const behind = gateway(), front = gateway();
  const node = await behind.listen(udp({ port: 0 }), coap()).ready;
  const site = await behind.listen(tcp({ port: 0 }), http()).ready;
  const targets = [`coap://127.0.0.1:${node.port}/topics/`, `http://127.0.0.1:${site.port}/`];
  front.handle("/hc/*", crossProxy({ targets }));
  const web = await front.listen(tcp({ port: 0 }), http()).ready;
  const proxy = await front.listen(udp({ port: 0 }), coap()).ready;
  return {
    behind,
    front,
    node: `coap://127.0.0.1:${node.port}`,
    site: `http://127.0.0.1:${site.port}`,
    hc: `http://127.0.0.1:${web.port}/hc/`,
    proxy: `coap://127.0.0.1:${proxy.port}`,
    async [Symbol.asyncDispose]() {
      await front.stop();
      await behind.stop();
    },
  };
}

Deno.test("HTTP clients read and change what CoAP servers have", strict, async () => {
  await using all = await pair();
  const url = `${all.hc}${all.node}/topics/a%20b`;
  const put = await fetch(url, {
    method: "PUT",
    body: "21.5",
    headers: { "content-type": "application/json" },
  });
  assert.equal(put.status, 201);
  await put.body?.cancel();
  const get = await fetch(url), tag = get.headers.get("etag")!;
  assert.deepEqual([get.status, get.headers.get("content-type"), await get.text()], [
    200,
    "application/json",
    "21.5",
  ]);
  const known = await fetch(url, { headers: { "if-none-match": tag } });
  assert.deepEqual([known.status, await known.text()], [304, ""]);
  const template = await fetch(
    `${all.hc}?target_uri=${encodeURIComponent(`${all.node}/topics/a%20b`)}`,
  );
  assert.equal(await template.text(), "21.5");
  const large = new Uint8Array(100_000).fill(65);
  await (await fetch(`${all.hc}${all.node}/topics/large`, { method: "PUT", body: large })).body
    ?.cancel();
  const whole = await fetch(`${all.hc}${all.node}/topics/large`);
  assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), large);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 204);
  const gone = await fetch(url);
  assert.deepEqual([gone.status, await gone.text()], [404, "This topic holds no value"]);
});

Deno.test("CoAP clients read and change what HTTP servers have", strict, async () => {
  await using all = await pair();
  await using client = coapClient(all.proxy);
  const uri = (path: string) => ({
    options: [{ number: 35, value: new TextEncoder().encode(`${all.site}${path}`) }],
  });
  const put = await client.put("", { ...uri("/topics/a"), payload: "1", contentFormat: 50 });
  assert.equal(put.code, "2.01");
  assert.equal(all.behind.retained("a")!.contentType, "application/json");
  const get = await client.get("", uri("/topics/a"));
  assert.deepEqual([get.code, get.contentFormat, get.text()], ["2.05", 50, "1"]);
  assert.equal((await client.get("", uri("/topics/none"))).code, "4.04");
  assert.equal((await client.delete("", uri("/topics/a"))).code, "2.02");
});

Deno.test(
  "A cross-proxy asks only those that are listed, and nobody when there is none",
  strict,
  async () => {
    await using all = await pair();
    const status = async (url: string) => {
      const answer = await fetch(url);
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await status(`${all.hc}coap://192.0.2.1/topics/a`), 403);
    const why = await (await fetch(`${all.hc}coap://192.0.2.1/topics/a`)).text();
    assert.equal(why.trim(), "Not allowed to ask coap://192.0.2.1:5683/topics/a: it is not listed");
    assert.equal(await status(`${all.hc}${all.node}/ps/a`), 403);
    assert.equal(await status(`${all.hc}${all.node}/topics/../ps/a`), 403);
    assert.equal(await status(`${all.hc}gopher://host/`), 400);
    assert.equal(await status(all.hc), 400);
    const { port } = new URL(all.site), listed = all.node.slice("coap://".length);
    await using narrow = gateway();
    narrow.handle("/hc/*", crossProxy({ targets: ["http://127.0.0.1/", `${all.node}/topics/`] }));
    const { port: own } = await narrow.listen(tcp({ port: 0 }), http()).ready;
    const other = [
      `http://127.0.0.1:${port}\\:80/topics/`,
      `http://127.0.0.1:${port}\t/topics/`,
      `http:///127.0.0.1:${port}/topics/`,
      `coap://${listed}\\topics\\/ps/a`,
    ];
    for (const each of other) {
      const target = `http://127.0.0.1:${own}/hc/?target_uri=${encodeURIComponent(each)}`;
      assert.equal(await status(target), 400, each);
    }
    await using client = coapClient(all.proxy);
    const uri = (text: string) => ({
      options: [{ number: 35, value: new TextEncoder().encode(text) }],
    });
    assert.equal((await client.get("", uri("http://192.0.2.1/"))).code, "5.05");
    await using none = coapClient(all.node);
    assert.equal((await none.get("", uri(`${all.site}/topics/a`))).code, "5.05");
    all.front.use({ mayUse: () => ({ allowed: false, reason: "no" }) } as never);
    assert.equal((await client.get("", uri(`${all.site}/topics/a`))).code, "4.03");
  },
);

Deno.test("Fresh answers are remembered until something changes there", strict, async () => {
  await using all = await pair();
  const url = `${all.hc}${all.node}/topics/a`;
  const text = async () => await (await fetch(url)).text();
  all.behind.publish("a", "1", { retain: true });
  assert.equal(await text(), "1");
  all.behind.publish("a", "2", { retain: true });
  assert.equal(await text(), "1", "fresh for 60 seconds, as CoAP has it");
  await (await fetch(url, { method: "PUT", body: "3" })).body?.cancel();
  assert.equal(await text(), "3");
});

Deno.test("What other servers answer runs nothing in a browser", strict, async () => {
  await using all = await pair();
  const values = { note: "text/plain", page: "text/html", picture: "image/svg+xml" };
  for (const [topic, contentType] of Object.entries(values)) {
    all.behind.publish(topic, "<script>1</script>", { retain: true, contentType });
  }
  const fields = async (url: string) => {
    const { status, headers, body } = await fetch(`${all.hc}${url}`);
    await body?.cancel();
    return [status, headers.get("x-content-type-options"), headers.get("content-security-policy")];
  };
  for (const server of [all.node, all.site]) {
    assert.deepEqual(await fields(`${server}/topics/note`), [200, "nosniff", null]);
    assert.deepEqual(await fields(`${server}/topics/none`), [404, "nosniff", null]);
    // Asked, and remembered.
    for (const topic of ["page", "page", "picture", "picture"]) {
      assert.deepEqual(await fields(`${server}/topics/${topic}`), [200, "nosniff", "sandbox"]);
    }
  }
  assert.deepEqual(await fields("coap://192.0.2.1/topics/a"), [403, "nosniff", null]);
});

testWith(["coap-client", "curl"], "coap-client and curl are served by a cross-proxy", async () => {
  await using all = await pair();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  all.behind.publish("a", "hello", { retain: true });
  const { stdout } = await run(program("coap-client"), "-P", all.proxy, `${all.site}/topics/a`);
  assert.equal(text(stdout), "hello\n");
  const curl = await run(program("curl"), "-sS", `${all.hc}${all.node}/topics/a`);
  assert.equal(text(curl.stdout), "hello");
});
