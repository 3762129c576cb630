import assert from "node:assert/strict";
import {
  type Authenticator,
  authenticators,
  coap,
  coapClient,
  type Gateway,
  gateway,
  guardPaths,
  http,
  mqtt,
  policy,
  Refusal,
  tcp,
  udp,
  websocket,
} from "../../../mod.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { testWith } from "../../interop/programs.ts";

const CHALLENGE = 'Basic realm="house"';
const byName: Authenticator = {
  authenticate: ({ username }) => username === undefined ? undefined : { user: username },
};
const asking: Authenticator = { ...byName, challenges: () => [CHALLENGE] };

/** A house in which guests may see what is open, and Ann's rooms are Ann's. */
async function house(hub: Gateway, authenticator: Authenticator) {
  const rules = policy({
    rules: [
      { allow: ["read", "subscribe"], paths: ["/open"], topics: ["open"] },
      {
        allow: ["read", "publish", "subscribe"],
        users: ["ann"],
        paths: ["/room", "/guarded"],
        topics: ["room"],
      },
    ],
  });
  hub.use(authenticators([authenticator], { allowAnonymous: true }));
  const { authorize } = rules, guard = guardPaths(rules);
  hub.use({
    authorize,
    mayUse: (who, method, path) =>
      path === "/guarded" ? { allowed: true } : rules.mayUse(who, method, path),
  });
  for (const path of ["/open", "/room"]) hub.handle(path, () => new Response("in"));
  hub.handle("/guarded", async (...asked) => await guard(...asked) ?? new Response("in"));
  hub.websocket("/room", () => {});
  const web = await hub.listen(tcp({ port: 0 }), http({ upgrade: websocket() })).ready;
  const things = await hub.listen(udp({ port: 0 }), coap()).ready;
  return { web: web.port, things: things.port };
}

/** Status and challenge of an answer; with an upgrade, of one to who asks for a WebSocket. */
async function heard(port: number, asked: string, user?: string): Promise<string> {
  const [method, path, upgrade] = asked.split(" ");
  const login = user === undefined ? "" : `Authorization: Basic ${btoa(`${user}:`)}\r\n`;
  const body = method === "PUT" ? "on" : "";
  const way = upgrade === undefined
    ? `Connection: close\r\nContent-Length: ${body.length}\r\n`
    : "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  using stream = await Deno.connect({ port });
  await stream.write(new TextEncoder().encode(
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${login}${way}\r\n${body}`,
  ));
  const into = new Uint8Array(4096), decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const length = await stream.read(into);
    if (length === null) break;
    text += decoder.decode(into.subarray(0, length), { stream: true });
  }
  const challenge = /^www-authenticate: (.*)\r$/im.exec(text)?.[1];
  return [text.slice(9, 12), challenge].filter((each) => each !== undefined).join(" ");
}

const closed = [
  "GET /topics/room",
  "PUT /topics/room",
  "GET /room",
  "GET /guarded",
  "GET /topics/room websocket",
  "GET /room websocket",
];

testWith([], "Guests hear over HTTP how to log in for what they may not do", async (test) => {
  await using hub = gateway();
  const { web } = await house(hub, asking);
  assert.equal(await heard(web, "GET /open"), "200");
  for (const asked of closed) {
    await test.step(asked, async () => {
      assert.equal(await heard(web, asked), `401 ${CHALLENGE}`);
      assert.equal(await heard(web, asked, "bob"), "403");
      assert.match(await heard(web, asked, "ann"), /^(?:101|20[01]|404)$/);
    });
  }
});

testWith([], "Where no login can help, what guests may not do is forbidden", async (test) => {
  await using hub = gateway();
  const { web, things } = await house(hub, byName);
  for (const asked of closed) {
    await test.step(asked, async () => assert.equal(await heard(web, asked), "403"));
  }
  await using client = coapClient(`coap://127.0.0.1:${things}`);
  for (const path of ["/topics/room", "/room"]) {
    assert.equal((await client.get(path)).code, "4.03", path);
  }
});

testWith([], "Guests hear over CoAP that a login could help", async () => {
  await using hub = gateway();
  const { things } = await house(hub, asking);
  await using client = coapClient(`coap://127.0.0.1:${things}`);
  assert.equal((await client.get("/open")).code, "2.05");
  for (const path of ["/topics/room", "/room", "/guarded"]) {
    assert.equal((await client.get(path)).code, "4.01", path);
    assert.equal((await client.get(`${path}?u=bob`)).code, "4.03", path);
    assert.match((await client.get(`${path}?u=ann`)).code, /^(?:2\.05|4\.04)$/, path);
  }
});

testWith([], "What a hook forbids by a refusal of its own stays forbidden to guests", async () => {
  await using hub = gateway();
  const { web } = await house(hub, asking);
  hub.use({ authorize: ({ topic }) => topic === "open" ? new Refusal("Not at night") : true });
  assert.equal(await heard(web, "GET /topics/open"), "403");
});

testWith([], "MQTT, which knows no later login, says that a guest is not allowed", async () => {
  await using hub = gateway();
  await house(hub, asking);
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const client = await dialMqtt(port, { clientId: "guest", version: 5 });
  assert.deepEqual(await client.subscribe("room"), [0x87]);
  await client.close();
});
