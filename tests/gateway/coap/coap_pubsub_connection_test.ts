import assert from "node:assert/strict";
import { coap as speakCoap, coapClient, gateway, udp } from "../../../mod.ts";
import { Code, decode, encode, Message, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../protocols/coap/messages/options.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { within } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { request } from "../../protocols/coap/fake_datagrams.ts";
import { coap, coapCode, coapObserver, mosquitto, mosquittoFollower } from "./coap_programs.ts";

/** A gateway that knows `admin` with the password `public`, and who asked for what. */
function guarded() {
  const asked: string[] = [];
  const hub = gateway({
    hooks: {
      authenticate: ({ username, passwordText, peer, protocol }) =>
        protocol === "mqtt" || passwordText === "public"
          ? { user: username ?? peer.address }
          : false,
      authorize: ({ action, topic, identity }) => {
        if (identity.user === "admin") asked.push(`${action} ${topic} ${identity.clientId}`);
        return !topic.startsWith("secret");
      },
    },
  });
  return { hub, asked };
}

testWith(
  ["coap-client", "mosquitto_pub", "mosquitto_sub"],
  "coap-client connects as EMQX has it, publishes, observes and disconnects",
  async () => {
    const { hub, asked } = guarded();
    await using _ = hub;
    const ports = await listenToAll(hub), url = `coap://127.0.0.1:${ports.coap}`;
    const connecting = `${url}/mqtt/connection?clientid=123&username=admin&password=`;
    assert.match(await coap("post", `${connecting}wrong`), /^4\.01/);
    const token = await coap("post", `${connecting}public`);
    assert.match(token, /^[0-9a-f]{32}$/);
    const me = `clientid=123&token=${token}`;
    await using follower = await mosquittoFollower(ports.mqtt, "coap/#");
    assert.equal(await coapCode("post", `${url}/ps/coap/test?${me}`, "-e", "Hi"), "2.01");
    assert.deepEqual(await follower.linesFrom(1, 1), ["coap/test Hi"]);
    assert.match(await coap("post", `${url}/ps/secret?${me}`, "-e", "Hi"), /^4\.03/);
    assert.match(await coap("post", `${url}/ps/coap/test`, "-e", "Hi"), /^4\.01/);
    await using observer = coapObserver(`${url}/ps/coap/test?${me}`);
    assert.deepEqual(await observer.linesFrom(0, 1), ["Hi"]);
    await mosquitto(ports.mqtt, "coap/test", "-m", "Hello");
    assert.deepEqual(await observer.linesFrom(1, 1), ["Hello"]);
    assert.equal(await coapCode("put", `${url}/mqtt/connection?${me}`), "2.04");
    assert.equal(await coapCode("delete", `${url}/mqtt/connection?${me}`), "2.02");
    assert.match(await coap("put", `${url}/mqtt/connection?${me}`), /^4\.01/);
    assert.deepEqual(asked, [
      "publish coap/test 123",
      "publish secret 123",
      "subscribe coap/test 123",
    ]);
  },
);

testWith(
  ["coap-client", "mosquitto_pub"],
  "who connects under a name takes it from who had it, who is told",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub), url = `coap://127.0.0.1:${ports.coap}`;
    const connecting = `${url}/mqtt/connection?clientid=7`;
    const first = await coap("post", connecting);
    await mosquitto(ports.mqtt, "a", "-r", "-m", "1");
    await using observer = coapObserver(`${url}/ps/a?clientid=7&token=${first}`);
    await observer.linesFrom(0, 1);
    const second = await coap("post", connecting);
    await observer.complains("4.01 Another client has taken this clientid over");
    assert.match(await coap("get", `${url}/ps/a?clientid=7&token=${first}`), /^4\.01/);
    assert.equal(await coap("get", `${url}/ps/a?clientid=7&token=${second}`), "1");
  },
);

Deno.test("nobody takes the name of another user's client", async () => {
  const { hub } = guarded();
  await using _ = hub;
  const first = await hub.listen(udp({ port: 0 }), speakCoap()).ready;
  const second = await hub.listen(udp({ port: 0 }), speakCoap()).ready;
  const as = (user: string) => `/mqtt/connection?clientid=7&username=${user}&password=public`;
  await using ann = coapClient(`coap://127.0.0.1:${first.port}`);
  const token = (await ann.post(as("ann"))).text();
  for (const { port } of [first, second]) {
    await using bob = coapClient(`coap://127.0.0.1:${port}`);
    assert.equal((await bob.post(as("bob"))).code, "4.03");
  }
  assert.equal((await ann.put(`/mqtt/connection?clientid=7&token=${token}`)).code, "2.04");
  await using again = coapClient(`coap://127.0.0.1:${second.port}`);
  assert.equal((await again.post(as("ann"))).code, "2.01");
});

testWith(["coap-client"], "a client without heartbeats is gone, and is told", async () => {
  await using hub = gateway();
  const { port } = await hub.listen(udp({ port: 0 }), speakCoap({ heartbeatMs: 400 })).ready;
  const url = `coap://127.0.0.1:${port}`;
  const token = await coap("post", `${url}/mqtt/connection?clientid=7`);
  hub.publish("a", "1", { retain: true });
  await using observer = coapObserver(`${url}/ps/a?clientid=7&token=${token}`);
  await observer.complains("4.01 No heartbeat came in time");
});

testWith(
  ["mosquitto_pub"],
  "a client whose address has changed goes on hearing what it observes",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub), server = `127.0.0.1:${ports.coap}`;
    const before = await udp({ port: 0 }).bind(), after = await udp({ port: 0 }).bind();
    const hear = async (socket: typeof before) =>
      decode((await within("a datagram", socket.receive()))!.bytes, 64);
    const ask = async (socket: typeof before, message: Message) => {
      await socket.send(encode(message), server);
      return await hear(socket);
    };
    const answer = await ask(before, request(Code.post, "/mqtt/connection?clientid=7"));
    const me = `clientid=7&token=${new TextDecoder().decode(answer.payload)}`;
    const options = [new Option(Options.observe, new Uint8Array(0))];
    const token = Uint8Array.of(1, 2);
    await ask(before, request(Code.get, `/ps/a?${me}`, { token, options }));
    assert.equal(
      (await ask(after, request(Code.put, `/mqtt/connection?${me}`))).code,
      Code.changed,
    );
    await mosquitto(ports.mqtt, "a", "-m", "1");
    const { payload, token: heard } = await hear(after);
    assert.deepEqual([[...heard], [...payload]], [[1, 2], [0x31]]);
    assert.equal(hub.counters.get("coap.client.moved"), 1);
    before.close();
    after.close();
  },
);
