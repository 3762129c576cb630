import assert from "node:assert/strict";
import { silent } from "../../actors/log.ts";
import { coap, coapStream, gateway, http, tcp, udp } from "../../mod.ts";
import { meerkat } from "./commands.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const done = { code: 0, out: "", err: "" };

type Hub = ReturnType<typeof gateway>;

const ways: Record<string, (hub: Hub) => ReturnType<Hub["listen"]>> = {
  "coap": (hub) => hub.listen(udp({ port: 0 }), coap()),
  "coap+tcp": (hub) => hub.listen(tcp({ port: 0 }), coapStream()),
  "http": (hub) => hub.listen(tcp({ port: 0 }), http()),
};

for (const [scheme, listen] of Object.entries(ways)) {
  const missing = scheme === "http"
    ? '404 Not Found No value is stored for topic "a b"\n'
    : "4.04 This topic holds no value\n";
  Deno.test(`get, put, post and delete ask by ${scheme}`, strict, async () => {
    await using hub = gateway({ log: silent });
    const { port } = await listen(hub).ready;
    const url = `${scheme}://127.0.0.1:${port}/topics/a%20b`;
    assert.deepEqual(await meerkat(["put", url, "-m", "21.5", "-t", "text/plain"]), done);
    assert.deepEqual(await meerkat(["get", url]), { ...done, out: "21.5" });
    const { err } = await meerkat(["get", url, "-v"]);
    assert.match(err, scheme === "http" ? /^200 OK\n/ : /^2\.05\nContent-Format: text\/plain/);
    assert.deepEqual(await meerkat(["post", url, "-s"], { input: "22" }), done);
    assert.deepEqual(await meerkat(["delete", url]), done);
    assert.deepEqual(await meerkat(["get", url]), { code: 1, out: "", err: missing });
  });

  Deno.test(`observe prints each value by ${scheme}`, strict, async () => {
    await using hub = gateway({ log: silent });
    const { port } = await listen(hub).ready;
    const url = `${scheme}://127.0.0.1:${port}/topics/a`;
    hub.publish("a", "1", { retain: true });
    assert.deepEqual(await meerkat(["observe", url, "-C", "1"]), { ...done, out: "1\n" });
    assert.deepEqual(await meerkat(["observe", url, "-N", "-W", "1"]), {
      ...done,
      code: 27,
      out: "1",
    });
  });
}

Deno.test("get and its like say what is wrong with what they are given", strict, async () => {
  const wrong: [args: string[], err: RegExp][] = [
    [["get", "mqtt://127.0.0.1"], /use the commands pub and sub for MQTT/],
    [["get", "gopher://host"], /known are coap, coap\+tcp, coaps\+tcp/],
    [["put", "coap://127.0.0.1/topics/a"], /give one of -m, -f and -s/],
    [["put", "coap://127.0.0.1/topics/a", "-m", "1", "-b", "100"], /give 16, 32, 64/],
    [["get", "coap+tcp://127.0.0.1:1/a"], /Cannot connect to 127\.0\.0\.1:1/],
    [["observe", "coap://127.0.0.1:1/a", "-B", "0.1"], /No answer from 127\.0\.0\.1:1/],
    [["get", "coap://a/b", "coap://c/d"], /one URL is enough/],
  ];
  for (const [args, err] of wrong) {
    const ended = await meerkat(args);
    assert.match(ended.err, err);
    assert.deepEqual([ended.code, ended.out], [1, ""]);
  }
});
