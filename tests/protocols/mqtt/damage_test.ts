import assert from "node:assert/strict";
import type { AuthStep } from "../../../protocols/mqtt/authentication.ts";
import { isShared, sharedFilter } from "../../../protocols/mqtt/broker/shares.ts";
import { topicName } from "../../../protocols/mqtt/packets/topic_memo.ts";
import { scramCredentials, scramSha256 } from "../../../protocols/mqtt/scram.ts";
import { parseTarget } from "../../../protocols/mqtt/url.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { bytes } from "../fakes.ts";
import { survive } from "../harm.ts";

// `decode()` is fed in codec_test.ts, whole conversations in fuzz_test.ts.

Deno.test("parseTarget() finds a server in a damaged URL, or says what would be right", () => {
  survive(["mqtts://[::1]:8883", "wss://host.example:8443/mqtt?a=b", "tcp://10.0.0.1"], (text) => {
    const { hostname, port, path, url } = parseTarget(text);
    assert.notEqual(hostname, "");
    assert.ok(port >= 0 && port <= 0xffff);
    assert.match(path, /^\//);
    assert.equal(parseTarget(url).url, url);
  }, TypeError);
});

Deno.test("sharedFilter() finds what a damaged filter shares, or nothing", () => {
  survive(["$share/group/a/+/#", "$share/g//"], (filter) => {
    if (!isShared(filter)) return;
    const shared = sharedFilter(filter);
    if (shared !== undefined) assert.match(filter, /^\$share\/[^/+#]+\//);
    if (shared !== undefined) assert.ok(filter.endsWith(`/${shared}`));
  });
});

Deno.test("topicName() reads a damaged topic as a decoder would, each time, or refuses it", () => {
  survive([bytes("home/attic/é/1")], (topic) => {
    const name = topicName(topic, 0, topic.length, 9);
    assert.deepEqual(bytes(name), topic.slice());
    assert.equal(topicName(topic, 0, topic.length, 9), name);
  }, ProtocolError);
});

const first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const salt = bytes("a salt"), credentials = scramCredentials("pencil", { salt, iterations: 1 });

/** Begins to log in, and says `message`; there must be one answer to each message. */
function say(...messages: Uint8Array[]): AuthStep {
  const exchange = scramSha256(() => credentials, () => "nonce").begin("client", "192.0.2.1:1");
  const steps: AuthStep[] = [];
  for (const message of messages) exchange.take(message, (step) => steps.push(step));
  assert.equal(steps.length, messages.length);
  return steps.at(-1)!;
}

Deno.test("scramSha256() goes on with a damaged first message, or refuses it with a reason", () => {
  survive([bytes(first), bytes("y,a=a=2Cb,n=a=2Cb,r=abc")], (message) => {
    const step = say(message);
    if (step.kind === "continue") return;
    assert.ok(step.kind === "failure");
    assert.match(step.message, /^Cannot authenticate by SCRAM-SHA-256: /);
  });
});

Deno.test("scramSha256() lets nobody in by a damaged final message", () => {
  const final = `c=biws,r=rOprNGfwEbeRWgbNEkqOnonce,p=${"A".repeat(43)}=`;
  survive([bytes(final)], (message) => {
    assert.equal(say(bytes(first), message).kind, "failure");
  });
});
