import assert from "node:assert/strict";
import { coap, coapClient, coapStream, gateway, tcp, tls, udp } from "../../../mod.ts";
import { certificates, hasOpenssl, orSkipped } from "../../transports/tls/certificates.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

type Hub = ReturnType<typeof gateway>;

/** Ways to reach a server, and what trusts it. */
const ways = {
  "coap": (hub: Hub) => hub.listen(udp({ port: 0 }), coap()),
  "coap+tcp": (hub: Hub) => hub.listen(tcp({ port: 0 }), coapStream()),
  "coaps+tcp": (hub: Hub) => hub.listen(tls({ port: 0, ...certificates().server }), coapStream()),
};

for (const [scheme, listen] of Object.entries(ways)) {
  const isSecure = scheme === "coaps+tcp", ignore = isSecure && !hasOpenssl;
  const open = async (hub: Hub, path = "") => {
    const { port } = await listen(hub).ready;
    const host = isSecure ? "localhost" : "127.0.0.1";
    const options = isSecure ? { tls: { ca: certificates().ca } } : {};
    return coapClient(`${scheme}://${host}:${port}${path}`, options);
  };
  const name = (what: string) => `coapClient by ${scheme}: ${what}${isSecure ? orSkipped : ""}`;

  Deno.test({
    name: name("sets, reads and removes"),
    ignore,
    ...strict,
    async fn() {
      await using hub = gateway();
      await using client = await open(hub, "/topics/a%20b?qos=0");
      assert.equal((await client.put("", { payload: "1", contentFormat: 50 })).code, "2.01");
      assert.equal(hub.retained("a b")!.qos, 0);
      const answer = await client.get("/topics/a%20b");
      assert.deepEqual([answer.code, answer.ok, answer.text()], ["2.05", true, "1"]);
      assert.deepEqual([answer.contentFormat, answer.contentType], [50, "application/json"]);
      assert.equal(answer.json(), 1);
      assert.equal((await client.get("", { etag: answer.etag! })).code, "2.03");
      assert.equal((await client.put("", { payload: "2", ifNoneMatch: true })).code, "4.12");
      assert.equal((await client.delete("")).code, "2.02");
      assert.equal((await client.get("")).ok, false);
    },
  });

  Deno.test({
    name: name("moves 1 MiB both ways, many requests at a time"),
    ignore,
    ...strict,
    async fn() {
      await using hub = gateway();
      await using client = await open(hub);
      const payload = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 7919 >> 3);
      const small = Array.from({ length: 50 }, (_, index) =>
        client.put(`/topics/${index}`, {
          payload: `${index}`,
        }));
      assert.equal((await client.put("/topics/large", { payload })).code, "2.01");
      assert.deepEqual((await client.get("/topics/large")).payload, payload);
      assert.deepEqual([...new Set((await Promise.all(small)).map(({ code }) => code))], ["2.01"]);
    },
  });

  Deno.test({
    name: name("follows until the reader or the server ends it"),
    ignore,
    ...strict,
    async fn() {
      await using hub = gateway();
      await using client = await open(hub);
      hub.publish("t", "0", { retain: true });
      const heard: string[] = [];
      for await (const answer of client.observe("/ps/t")) {
        heard.push(`${answer.code} ${answer.text()}`);
        if (heard.length < 3) hub.publish("t", `${heard.length}`, { retain: true });
        else hub.publish("t", "", { retain: true });
      }
      assert.deepEqual(heard.slice(0, 3), ["2.05 0", "2.05 1", "2.05 2"]);
      assert.match(heard[3]!, /^4\.04/);
      for await (const answer of client.observe("/topics/t")) {
        assert.equal(answer.text(), "");
        break;
      }
      const stop = new AbortController();
      await assert.rejects(async () => {
        for await (const _ of client.observe("/topics/t", { signal: stop.signal })) stop.abort();
      }, { name: "AbortError" });
    },
  });

  Deno.test({
    name: name("tells who waits that none will answer, when it is closed"),
    ignore,
    ...strict,
    async fn() {
      await using hub = gateway();
      await using client = await open(hub);
      hub.subscribe("ask", () => {});
      const waiting = client.post("/topics/ask?reply=50s");
      const failed = assert.rejects(waiting, /has ended|is closed/);
      await client.get("/topics/a");
      await client.close();
      await failed;
      await assert.rejects(client.get("/topics/a"), /is closed/);
    },
  });
}

Deno.test("coapClient connects again when a server has hung up", strict, async () => {
  const first = gateway();
  const { port } = await first.listen(tcp({ port: 0 }), coapStream()).ready;
  await using client = coapClient(`coap+tcp://127.0.0.1:${port}`);
  assert.equal((await client.put("/topics/a", { payload: "1" })).code, "2.01");
  await first.stop({ drainMs: 0 });
  await using second = gateway();
  await second.listen(tcp({ port }), coapStream()).ready;
  let answer = await client.put("/topics/a", { payload: "1" }).catch((error: Error) => error);
  // The end of the first connection may be known only by now.
  if (answer instanceof Error) answer = await client.put("/topics/a", { payload: "1" });
  assert.equal(answer.code, "2.01");
});

Deno.test("coapClient says what is wrong with what it is given", strict, async () => {
  assert.throws(() => coapClient("coaps://127.0.0.1"), /known are coap, coap\+tcp, coaps\+tcp/);
  assert.throws(() => coapClient("coap://"), /give a host/);
  assert.throws(() => coapClient("coap://me:pw@host"), /shows to others/);
  await using client = coapClient("coap://127.0.0.1:9");
  await assert.rejects(client.get("/a", { accept: "text/none" }), /Cannot use "text\/none"/);
  await assert.rejects(client.get("/%ff"), /percent-encoding is broken/);
  await assert.rejects(client.get(`/${"a".repeat(256)}`), /has 256 bytes, and 255 are allowed/);
  const signal = AbortSignal.abort(new Error("changed my mind"));
  await assert.rejects(client.get("/a", { signal }), /changed my mind/);
});

Deno.test("coapClient gives up a server that is not there", strict, async () => {
  const silent = await udp({ port: 0 }).bind(), { port } = silent.address;
  await using client = coapClient(`coap://127.0.0.1:${port}`, { timeoutMs: 1 });
  await assert.rejects(client.get("/a"), /No answer from 127\.0\.0\.1:\d+ within 1 ms/);
  await using stream = coapClient("coap+tcp://127.0.0.1:1");
  await assert.rejects(stream.get("/a"), /Cannot connect to 127\.0\.0\.1:1/);
  silent.close();
});
