import assert from "node:assert/strict";
import { connectWebSocket, gateway, http, type MessageSocket, tls } from "../../mod.ts";
import { testWith } from "../interop/programs.ts";
import { certificates } from "../transports/tls/certificates.ts";

function over(socket: MessageSocket): Promise<CloseEvent> {
  return new Promise((resolve) => socket.onclose = resolve);
}

testWith(
  ["openssl"],
  "A WebSocket is opened by TLS with whom we trust, and with nobody else",
  async () => {
    const { ca, server: { cert, key } } = certificates();
    await using hub = gateway();
    hub.websocket("/", (socket) => {
      socket.send(`${socket.url} ${socket.request.headers.get("authorization")}`);
    });
    const { port } = await hub.listen(tls({ port: 0, cert, key }), http()).ready;
    const url = `wss://kim:s%C3%A4cret@localhost:${port}/`;
    const socket = connectWebSocket(url, { tls: { ca } });
    const heard = await new Promise((heard) => socket.onmessage = ({ data }) => heard(data));
    const login = btoa(String.fromCharCode(...new TextEncoder().encode("kim:säcret")));
    assert.equal(heard, `wss://localhost:${port}/ Basic ${login}`);
    assert.equal(socket.url, `wss://localhost:${port}/`);
    socket.close();
    await over(socket);
    const wary = connectWebSocket(url);
    assert.match((await over(wary)).reason, /Cannot secure/);
  },
);

testWith(
  [],
  "A WebSocket that nobody answers ends after its time, or when it is closed",
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const taken: Deno.Conn[] = [];
    const taking = (async () => {
      for await (const each of listener) taken.push(each);
    })();
    const late = connectWebSocket(`ws://127.0.0.1:${port}/`, { timeoutMs: 50 });
    assert.match((await over(late)).reason, /within 50 ms/);
    const closed = connectWebSocket(`ws://127.0.0.1:${port}/`);
    closed.close();
    assert.match((await over(closed)).reason, /closed before/);
    assert.equal(closed.readyState, 3);
    listener.close();
    await taking;
    for (const each of taken) each.close();
    const refused = connectWebSocket(`ws://127.0.0.1:${port}/`);
    assert.match((await over(refused)).reason, /Cannot connect to/);
  },
);

Deno.test("A URL of another scheme, or with a fragment, is refused at once", () => {
  assert.throws(() => connectWebSocket("http://localhost/"), /give ws: or wss:/);
  assert.throws(() => connectWebSocket("ws://localhost/#a"), TypeError);
  assert.throws(() => connectWebSocket("ws://localhost/", { headers: { "a b": "c" } }), TypeError);
});
