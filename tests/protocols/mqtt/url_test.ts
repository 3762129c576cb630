import assert from "node:assert/strict";
import { parseTarget } from "../../../protocols/mqtt/url.ts";

Deno.test("parseTarget() reads where an MQTT server is", () => {
  const cases: [string, string, string, number, string][] = [
    ["mqtt://localhost", "mqtt://localhost:1883", "localhost", 1883, "tcp"],
    ["MQTT://Host:80/", "mqtt://host:80", "host", 80, "tcp"],
    ["tcp://10.0.0.1:1884", "mqtt://10.0.0.1:1884", "10.0.0.1", 1884, "tcp"],
    ["mqtts://[::1]", "mqtts://[::1]:8883", "::1", 8883, "tls"],
    ["mqtts://host:443", "mqtts://host:443", "host", 443, "tls"],
    ["ws://host", "ws://host:80/mqtt", "host", 80, "ws /mqtt"],
    ["ws://host:8080/a?b=c", "ws://host:8080/a?b=c", "host", 8080, "ws /a?b=c"],
    ["wss://host/mqtt", "wss://host:443/mqtt", "host", 443, "tls ws /mqtt"],
  ];
  for (const [text, url, hostname, port, how] of cases) {
    const found = parseTarget(text);
    assert.deepEqual([found.url, found.hostname, found.port], [url, hostname, port], text);
    const { tls, websocket, path } = found;
    const shown = [tls ? "tls" : "", websocket ? `ws ${path}` : ""].join(" ").trim() || "tcp";
    assert.equal(shown, how, text);
  }
});

Deno.test("parseTarget() says what would be right", () => {
  const cases: [string, RegExp][] = [
    ["", /give a URL such as/],
    ["localhost:1883", /give a URL such as/],
    ["http://host", /unknown scheme "http", known are mqtt, mqtts, ws, wss/],
    ["mqtt://", /give a host/],
    ["mqtt://host:99999", /give a host/],
    ["mqtt://me:secret@host", /give the user and the password apart/],
    ["mqtt://host/topic", /nothing after them/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseTarget(text), { name: "TypeError", message }, text);
  }
});
