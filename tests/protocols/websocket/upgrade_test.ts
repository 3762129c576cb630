import assert from "node:assert/strict";
import { WebSocketSession } from "../../../protocols/websocket/session.ts";
import { websocket, type WebSocketOptions } from "../../../protocols/websocket/upgrade.ts";
import { Stage } from "../fakes.ts";
import { EchoMode, request } from "./peer.ts";
import { InnerSession } from "./inner.ts";
import { defaults } from "../../../protocols/websocket/limits.ts";

type Fields = Record<string, string | undefined>;
const mqtt: WebSocketOptions["mqtt"] = (wire, hub) => new InnerSession(wire, hub);

/** What a request is answered with: a status, or 101 and its label. */
function answer(target: string, fields: Fields = {}, options: WebSocketOptions = {}): string {
  let text = "";
  new Stage((wire, hub, now) => {
    const result = websocket(options)(request(target, fields), wire, hub, now);
    if (result instanceof WebSocketSession) {
      const sent = (wire as Stage).takeText();
      const subprotocol = /Sec-WebSocket-Protocol: (.*)\r/.exec(sent)?.[1];
      text = `101 ${result.label}${subprotocol ? ` as ${subprotocol}` : ""}`;
      return result;
    }
    assert.deepEqual((wire as Stage).sent, []);
    text = result === undefined ? "none" : `${(result as { status: number }).status}`;
    const open = (link: ConstructorParameters<typeof EchoMode>[0]) => new EchoMode(link, defaults);
    return new WebSocketSession(wire, hub, { open, limits: defaults, now });
  });
  return text;
}

function offering(subprotocol: string): Fields {
  return { "sec-websocket-protocol": subprotocol };
}

const cases: [name: string, target: string, fields: Fields, answer: string][] = [
  ["a topic", "/topics/a/b", {}, "101 websocket topic a/b"],
  ["a topic of empty levels", "/topics//a/", {}, "101 websocket topic /a/"],
  ["a filter", "/topics/a/%23", {}, "101 websocket topic a/#"],
  ["a topic and unknown subprotocols", "/topics/a", offering("x, y"), "101 websocket topic a"],
  ["json anywhere", "/", offering("json"), "101 websocket json as json"],
  ["json on a topic", "/topics/a", offering("x, json"), "101 websocket json as json"],
  ["mqtt anywhere", "/mqtt", offering("mqtt"), "101 websocket inner as mqtt"],
  ["mqtt for old clients", "/", offering("mqttv3.1"), "101 websocket inner as mqttv3.1"],
  ["mqtt before json", "/", offering("mqtt, json"), "101 websocket inner as mqtt"],
  ["json before mqtt", "/", offering("json, mqtt"), "101 websocket json as json"],
  ["another path", "/chat", {}, "404"],
  ["another path and subprotocol", "/chat", offering("chat"), "404"],
  ["an empty topic", "/topics/", {}, "400"],
  ["a topic with NUL", "/topics/a%00", {}, "400"],
  ["a broken percent-encoding", "/topics/a%f", {}, "400"],
  ["a filter that is none", "/topics/a%23", {}, "400"],
  ["a filter that is none, as json", "/topics/a%23", offering("json"), "400"],
  ["a topic of 129 levels", `/topics/${"/".repeat(128)}`, {}, "400"],
  ["QoS 3", "/topics/a?qos=3", {}, "400"],
  ["QoS x", "/topics/a?qos=x", {}, "400"],
  ["unknown frames", "/topics/a?frames=toString", {}, "400"],
  ["no upgrade", "/topics/a", { upgrade: undefined }, "none"],
  ["another upgrade", "/topics/a", { upgrade: "h2c" }, "none"],
  ["an old version", "/topics/a", { "sec-websocket-version": "8" }, "426"],
  ["a page on the web", "/topics/a", { origin: "https://evil.example" }, "403"],
];

for (const [name, target, fields, expected] of cases) {
  Deno.test(`websocket answers ${name} with ${expected}`, () => {
    assert.equal(answer(target, fields, { mqtt }), expected);
  });
}

Deno.test("websocket knows mqtt only when it has a session for it", () => {
  assert.equal(answer("/mqtt", offering("mqtt")), "404");
  assert.equal(answer("/topics/a", offering("mqtt, json")), "101 websocket json as json");
});

Deno.test("websocket lets in the pages of listed origins", () => {
  const fields = { origin: "https://app.example" };
  assert.equal(answer("/topics/a", fields), "403");
  assert.match(answer("/topics/a", fields, { origins: ["https://app.example"] }), /^101 /);
});
