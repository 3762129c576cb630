import assert from "node:assert/strict";
import {
  any,
  authenticators,
  certificateUser,
  coapStream,
  gateway,
  http,
  policy,
  tcp,
  tls,
} from "../../../mod.ts";
import { Code } from "../../../protocols/coap/messages/codec.ts";
import { Signal, withLength, withoutLength } from "../../../protocols/coap/stream/codec.ts";
import { request } from "../../protocols/coap/fake_datagrams.ts";
import { frame, framesOf, signal } from "../../protocols/coap/stream/stage.ts";
import { join } from "../../protocols/fakes.ts";
import { certificates, hasOpenssl, orSkipped } from "../../transports/tls/certificates.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

const put = frame(request(Code.put, "/topics/t", { payload: "21" }));
const get = frame(request(Code.get, "/topics/t"));

for (const [name, protocol] of [["coapStream", coapStream()], ["any", any()]] as const) {
  Deno.test(`${name} speaks CoAP over TCP`, strict, async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), protocol).ready;
    using client = await Deno.connect({ port });
    await client.write(signal(Signal.csm));
    await client.write(join([put, get, signal(Signal.release)]));
    const heard = framesOf(new Uint8Array(await new Response(client.readable).arrayBuffer()));
    assert.deepEqual(heard.map(({ code }) => code), [Signal.csm, Code.created, Code.content]);
  });
}

/** What a client with this certificate, or none, is answered. */
async function overTls(shows: "client" | "twins" | "none"): Promise<number[]> {
  const { ca, server, client, twins } = certificates();
  await using hub = gateway();
  hub.use(authenticators([certificateUser({ users: { "sensor-7": "pump" } })]));
  hub.use(policy({ rules: [{ allow: "publish", topics: ["t"], users: ["pump"] }] }));
  const secure = tls({ port: 0, ...server, ca, clientCertificates: "optional" });
  const { port } = await hub.listen(secure, coapStream()).ready;
  const own = shows === "none" ? {} : { client, twins }[shows];
  using stream = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca], ...own });
  await stream.write(join([signal(Signal.csm), put, signal(Signal.release)]));
  const heard = framesOf(new Uint8Array(await new Response(stream.readable).arrayBuffer()));
  return heard.map(({ code }) => code);
}

Deno.test({
  name: `coapStream over TLS knows a client by its certificate${orSkipped}`,
  ignore: !hasOpenssl,
  ...strict,
  async fn() {
    assert.deepEqual(await overTls("client"), [Signal.csm, Code.created]);
    assert.deepEqual(await overTls("twins"), [Signal.csm, Code.unauthorized]);
    assert.deepEqual(await overTls("none"), [Signal.csm, Code.unauthorized]);
  },
});

/** A WebSocket that is open, and what it hears. */
async function open(url: string): Promise<{ socket: WebSocket; heard(): Promise<Uint8Array> }> {
  const socket = new WebSocket(url, "coap");
  socket.binaryType = "arraybuffer";
  const messages: Uint8Array[] = [], waiting: ((message: Uint8Array) => void)[] = [];
  socket.onmessage = ({ data }) => {
    const message = new Uint8Array(data as ArrayBuffer), next = waiting.shift();
    if (next) next(message);
    else messages.push(message);
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    socket,
    heard: () => {
      const message = messages.shift();
      return message ? Promise.resolve(message) : new Promise((next) => waiting.push(next));
    },
  };
}

/** Ends a WebSocket, and waits for that. */
async function close(socket: WebSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
}

Deno.test("http speaks CoAP in WebSockets", strict, async () => {
  await using hub = gateway();
  hub.handle("/hello", (asked) => new Response(new URL(asked.url).protocol));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const { socket, heard } = await open(`ws://127.0.0.1:${port}/.well-known/coap`);
  assert.equal(socket.protocol, "coap");
  assert.equal((await heard())[1], Signal.csm);
  for (const message of [signal(Signal.csm), put, get]) socket.send(withoutLength(message).slice());
  const codes = [];
  for (let count = 0; count < 2; count++) {
    const message = await heard();
    assert.equal(message[0]! >> 4, 0, "a length of 0: the frame says it");
    codes.push(framesOf(withLength(message))[0]!.code);
  }
  assert.deepEqual(codes, [Code.created, Code.content]);
  socket.send(withoutLength(frame(request(Code.get, "/hello"))).slice());
  const [answer] = framesOf(withLength(await heard()));
  assert.equal(new TextDecoder().decode(answer!.payload), "coap+ws:");
  await close(socket);
});

const faults: [what: string, message: string | Uint8Array<ArrayBuffer>, code: number][] = [
  ["text", "hello", 1003],
  ["a length", Uint8Array.of(0x10, 0x01, 0x00), 1002],
  ["half a token", Uint8Array.of(0x03, 0x01), 1002],
];

for (const [what, message, code] of faults) {
  Deno.test(`http hangs up on CoAP in WebSockets with ${what}`, strict, async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const { socket } = await open(`ws://127.0.0.1:${port}/.well-known/coap`);
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.send(message);
    assert.equal((await closed).code, code);
  });
}
