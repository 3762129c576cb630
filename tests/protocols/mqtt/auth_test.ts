import assert from "node:assert/strict";
import type { AuthMethod, AuthStep } from "../../../protocols/mqtt/authentication.ts";
import type { Auth, Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { disconnect, leftovers, ping, publish, shown, subscribe, Talk } from "./talk.ts";

/** Says back what it hears until it hears `yes`, or fails when it hears `no`. */
const echo: AuthMethod = {
  name: "echo",
  begin: () => ({ take: (data, answer) => answer(judge(new TextDecoder().decode(data))) }),
};

/** The same in a turn of its own, when `later` is run. */
const later: (() => void)[] = [];
const slow: AuthMethod = {
  name: "slow",
  begin: () => ({
    take: (data, answer) => later.push(() => answer(judge(new TextDecoder().decode(data)))),
  }),
};

function judge(said: string): AuthStep {
  if (said === "no") return { kind: "failure", message: "Cannot believe this" };
  if (said === "busy") return { kind: "failure", message: "Cannot think", reason: 0x89 };
  if (said === "other") return { kind: "success", user: "v" };
  if (said === "yes") return { kind: "success", data: bytes("welcome"), user: "u" };
  return { kind: "continue", data: bytes(`${said}?`) };
}

function talkBy(method: string, said: string, space = new FakeSpace()): Talk {
  const limits = { authMethods: [echo, slow], responseInformation: "{user}" };
  const talk = new Talk({ space, version: 5, limits });
  return talk.connect({
    properties: {
      authenticationMethod: method,
      authenticationData: bytes(said),
      requestResponse: 1,
    },
  });
}

function auth(reason: number, said: string, method = "echo"): Auth {
  const properties = { authenticationMethod: method, authenticationData: bytes(said) };
  return { type: "auth", reason, properties };
}

/** A packet in a few letters, with what it says of authentication. */
function brief(packet: Packet): string {
  if (packet.type !== "auth" && packet.type !== "connack" && packet.type !== "disconnect") {
    return shown(packet);
  }
  const { authenticationMethod = "", authenticationData } = packet.properties ?? {};
  const said = new TextDecoder().decode(authenticationData);
  return `${packet.type} 0x${packet.reason.toString(16)} ${authenticationMethod} ${said}`.trimEnd();
}

Deno.test("MqttSession lets a client in that a method of authentication believes at once", () => {
  const talk = talkBy("echo", "yes");
  const connack = talk.hearOne();
  assert.equal(brief(connack), "connack 0x0 echo welcome");
  assert.equal(connack.type === "connack" && connack.properties?.responseInformation, "u");
});

Deno.test("MqttSession asks as often as the method wants", () => {
  const talk = talkBy("echo", "a");
  assert.deepEqual(talk.hear().map(brief), ["auth 0x18 echo a?"]);
  assert.deepEqual(talk.say(auth(0x18, "b")).hear().map(brief), ["auth 0x18 echo b?"]);
  assert.deepEqual(talk.say(auth(0x18, "yes"), ping).hear().map(brief), [
    "connack 0x0 echo welcome",
    "pingresp",
  ]);
});

Deno.test("MqttSession refuses whom a method of authentication does not believe", () => {
  for (const [said, reason] of [["no", "0x87"], ["busy", "0x89"]]) {
    for (const first of [[said!], ["a", said!]]) {
      const space = new FakeSpace(), talk = talkBy("echo", first[0]!, space);
      if (first.length > 1) talk.say(auth(0x18, first[1]!));
      assert.equal(talk.hear().map(brief).at(-1), `connack ${reason}`);
      assert.ok(talk.stage.closed);
      assert.equal(leftovers(space), 0);
    }
  }
});

Deno.test("MqttSession refuses methods of authentication that it does not know with 0x8c", () => {
  const talk = talkBy("other", "yes");
  assert.deepEqual(talk.hear().map(brief), ["connack 0x8c"]);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession takes only AUTH and DISCONNECT before CONNACK", () => {
  for (
    const packet of [ping, publish("t", ""), subscribe("t"), auth(0x19, "a"), auth(0x18, "a", "x")]
  ) {
    const space = new FakeSpace(), talk = talkBy("echo", "a", space);
    talk.hear();
    talk.say(packet);
    assert.deepEqual(talk.hear().map(brief), ["connack 0x82"]);
    assert.ok(talk.stage.closed);
    assert.equal(space.published.length + leftovers(space), 0);
  }
  const talk = talkBy("echo", "a");
  talk.hear();
  assert.deepEqual(talk.say(disconnect()).hear(), []);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession takes no AUTH from a client that began without a method", () => {
  const talk = new Talk({ version: 5, limits: { authMethods: [echo] } }).connect();
  const connack = talk.hearOne();
  assert.ok(connack.type === "connack" && !("authenticationMethod" in connack.properties!));
  assert.deepEqual(talk.say(auth(0x19, "yes")).hear().map(brief), ["disconnect 0x82"]);
});

Deno.test("MqttSession hangs up when authentication takes too long", () => {
  const talk = talkBy("echo", "a");
  talk.hear();
  talk.stage.wait(10_000);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession waits for a method that answers in a later turn, and reads nothing meanwhile", () => {
  const talk = talkBy("slow", "a");
  talk.say(auth(0x18, "yes", "slow"));
  assert.deepEqual(talk.hear(), []);
  later.shift()!();
  assert.deepEqual(talk.hear().map(brief), ["auth 0x18 slow a?"]);
  talk.say(ping);
  later.shift()!();
  assert.deepEqual(talk.hear().map(brief), ["connack 0x0 slow welcome", "pingresp"]);
  assert.equal(later.length, 0);
});

Deno.test("MqttSession refuses by the later answer of a method, and does not mind one that is too late", () => {
  const refused = talkBy("slow", "no");
  later.shift()!();
  assert.deepEqual(refused.hear().map(brief), ["connack 0x87"]);
  assert.ok(refused.stage.closed);
  const gone = talkBy("slow", "yes");
  gone.stage.end();
  later.shift()!();
  assert.deepEqual(gone.hear(), []);
});

Deno.test("MqttSession authenticates again while it serves the client", () => {
  const talk = talkBy("echo", "yes");
  talk.hear();
  talk.say(auth(0x19, "a"), ping, auth(0x18, "yes"));
  assert.deepEqual(talk.hear().map(brief), [
    "auth 0x18 echo a?",
    "pingresp",
    "auth 0x0 echo welcome",
  ]);
  talk.say(auth(0x19, "no"));
  assert.deepEqual(talk.hear().map(brief), ["disconnect 0x87"]);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession lets nobody become another user", () => {
  const talk = talkBy("echo", "yes");
  talk.hear();
  talk.say(auth(0x19, "other"));
  assert.deepEqual(talk.hear().map(brief), ["disconnect 0x87"]);
});

Deno.test("MqttSession serves the client while a method thinks about it again", () => {
  const talk = talkBy("slow", "yes");
  later.shift()!();
  talk.hear();
  talk.say(auth(0x19, "yes", "slow"), ping);
  assert.deepEqual(talk.hear().map(brief), ["pingresp"]);
  later.shift()!();
  assert.deepEqual(talk.hear().map(brief), ["auth 0x0 slow welcome"]);
  talk.say(auth(0x19, "a", "slow"), auth(0x18, "b", "slow"));
  assert.deepEqual(talk.hear().map(brief), ["disconnect 0x82"]);
  later.length = 0;
});

Deno.test("MqttSession takes AUTH only for the method of CONNECT and in its order", () => {
  for (const packet of [auth(0x19, "a", "slow"), auth(0x18, "a"), auth(0x00, "a")]) {
    const talk = talkBy("echo", "yes");
    talk.hear();
    assert.deepEqual(talk.say(packet).hear().map(brief), ["disconnect 0x82"]);
  }
});
