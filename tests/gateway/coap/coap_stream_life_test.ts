import assert from "node:assert/strict";
import { coapStream, gateway, http, Log, mqtt, tcp } from "../../../mod.ts";
import { Code, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../protocols/coap/messages/options.ts";
import { Signal } from "../../../protocols/coap/stream/codec.ts";
import { CoapStream } from "../../interop/coap_stream.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { request, valueOf } from "../../protocols/coap/fake_datagrams.ts";
import { identityFiles } from "../identity/identity_files.ts";
import { listening } from "../meerkat.ts";
import { Raw } from "../raw.ts";
import { connections, detailOf } from "../tree.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const observe = [new Option(Options.observe, new Uint8Array(0))];

testWith(
  [],
  "An observer over TCP that does not read gets the newest value once it does",
  async () => {
    const limits = { outboxHighWaterBytes: 64 << 10, outboxBytes: 1 << 20, graceMs: 50 };
    await using hub = gateway({ log: new Log({ level: "silent" }) });
    const { port } = await hub.listen(tcp({ port: 0 }), coapStream(), { limits }).ready;
    const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
    using deaf = await CoapStream.dial(port);
    await deaf.signal(Signal.csm, [new Option(2, Uint8Array.of(1, 0, 0, 0))]);
    const first = await deaf.ask(request(Code.get, "/topics/news", { options: observe }));
    assert.ok(valueOf(first, Options.observe));
    const publisher = await dialMqtt(broker.port, { clientId: "p" });
    // More than the kernel's buffers take.
    const filling = "x".repeat(8192), count = 3000;
    for (let number = 0; number < count; number++) {
      await publisher.publish("news", `${number} ${filling}`, 0);
    }
    await publisher.publish("news", "the last", 1);
    assert.equal((await publisher.next()).type, "puback");
    const { queuedBytes, dropped, slow } = detailOf(hub, "coap");
    // One message may be added while there is room for less.
    assert.ok(Number(queuedBytes) <= limits.outboxHighWaterBytes + 10_000, `${queuedBytes} bytes`);
    assert.deepEqual([dropped, slow], [0, false]);
    assert.ok((hub.counters.get("coap.conflated") ?? 0) > 0);
    let heard = 0, before = -1;
    for (;;) {
      const payload = text((await deaf.next())!.payload);
      if (payload === "the last") break;
      const number = parseInt(payload);
      assert.ok(number > before, "in order");
      before = number;
      heard++;
    }
    assert.ok(heard < count, `${heard} came`);
    await publisher.close();
  },
);

testWith(
  [],
  "A client of CoAP over TCP that says no CSM, or no end of it, is hung up on",
  async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), coapStream({ csmTimeoutMs: 20 })).ready;
    for (const said of ["", "50e123"]) {
      const raw = await Raw.dial(port);
      if (said !== "") await raw.send(Uint8Array.fromHex(said));
      await raw.ended();
      assert.match(raw.text, /No CSM came$/);
      raw.close();
    }
    await eventually("both to be gone", () => connections(hub).length === 0);
  },
);

testWith([], "A peer of CoAP over TCP that breaks the rules harms nobody else", async () => {
  await using hub = gateway({ log: new Log({ level: "silent" }) });
  const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
  using good = await CoapStream.dial(port);
  for (const said of ["0f01", "00e1 f0ffffffff01", "00e1 1001f0", "00e1 10e170"]) {
    const raw = await Raw.dial(port);
    await raw.send(Uint8Array.fromHex(said.replaceAll(" ", "")));
    await raw.ended();
    assert.ok(raw.bytes.includes(Signal.abort), said);
    raw.close();
  }
  assert.equal(
    (await good.ask(request(Code.put, "/topics/t", { payload: "1" }))).code,
    Code.created,
  );
});

testWith(
  ["openssl"],
  "coap+tcp: and coaps+tcp: speak CoAP, and say Release when they stop",
  async () => {
    await using files = await identityFiles();
    const flags = ["--cert", files.cert, "--key", files.key];
    const urls = ["coap+tcp://127.0.0.1:0", "coaps+tcp://127.0.0.1:0", "any://127.0.0.1:0"];
    await using running = await listening(urls, flags);
    assert.match(running.lines[1]!, /^listening coaps\+tcp:\/\/127\.0\.0\.1:\d+$/);
    const [plain, secure, mixed] = running.ports as [number, number, number];
    const caCerts = [await Deno.readTextFile(files.ca)];
    const overTls = async (port: number) => {
      const alpnProtocols = ["coap"];
      const socket = await Deno.connectTls({ hostname: "localhost", port, caCerts, alpnProtocols });
      assert.equal((await socket.handshake()).alpnProtocol, "coap");
      return await new CoapStream(socket).begin();
    };
    using first = await CoapStream.dial(plain);
    using second = await overTls(secure);
    using third = await CoapStream.dial(mixed);
    using fourth = await overTls(mixed);
    const clients = [first, second, third, fourth];
    for (const [index, client] of clients.entries()) {
      const put = request(Code.put, "/topics/t", { payload: `${index}` });
      assert.equal((await client.ask(put)).code, index === 0 ? Code.created : Code.changed);
      for (const other of clients) {
        assert.equal(text((await other.ask(request(Code.get, "/topics/t"))).payload), `${index}`);
      }
    }
    running.child.kill("SIGTERM");
    for (const client of clients) {
      assert.equal((await client.next())?.code, Signal.release);
      assert.equal(await client.next(), undefined);
    }
    assert.equal((await running.child.ended()).code, 0);
  },
);

testWith([], "Handlers, HTTP, MQTT and CoAP over TCP meet", async () => {
  await using hub = gateway();
  hub.handle("/hello", (asked) => new Response(`from ${new URL(asked.url).protocol}`));
  const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
  const web = await hub.listen(tcp({ port: 0 }), http()).ready;
  const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  using client = await CoapStream.dial(port);
  assert.equal(text((await client.ask(request(Code.get, "/hello"))).payload), "from coap+tcp:");
  const listener = await dialMqtt(broker.port, { clientId: "l" });
  await listener.subscribe("home/#", 1);
  await client.ask(request(Code.put, "/topics/home/door", { payload: "open" }));
  assert.equal(await listener.nextText(), "open");
  const url = `http://127.0.0.1:${web.port}/topics/home/door`;
  assert.equal(await (await fetch(url)).text(), "open");
  await client.ask(request(Code.get, "/topics/home/door", { options: observe }));
  await (await fetch(url, { method: "PUT", body: "shut" })).body?.cancel();
  assert.equal(text((await client.next())!.payload), "shut");
  await listener.close();
});
