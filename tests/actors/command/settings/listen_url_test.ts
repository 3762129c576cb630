import assert from "node:assert/strict";
import {
  isLocal,
  isLoopback,
  parseListenUrl,
  schemes,
  withPort,
} from "../../../../actors/command/settings/listen_url.ts";

const right: [text: string, url: string, hostname: string, port: number][] = [
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  ["http://:8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  ["http::8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  ["http:8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  ["8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  [":8000", "http://127.0.0.1:8000", "127.0.0.1", 8000],
  ["0.0.0.0:8000", "http://0.0.0.0:8000", "0.0.0.0", 8000],
  ["localhost:8000", "http://localhost:8000", "localhost", 8000],
  ["[::]:8000", "http://[::]:8000", "::", 8000],
  ["http:", "http://127.0.0.1:8080", "127.0.0.1", 8080],
  ["http://", "http://127.0.0.1:8080", "127.0.0.1", 8080],
  ["http://0.0.0.0/", "http://0.0.0.0:8080", "0.0.0.0", 8080],
  ["http://127.0.0.1:80", "http://127.0.0.1:80", "127.0.0.1", 80],
  ["https:", "https://127.0.0.1:8443", "127.0.0.1", 8443],
  ["mqtt:", "mqtt://127.0.0.1:1883", "127.0.0.1", 1883],
  ["mqtt:1884", "mqtt://127.0.0.1:1884", "127.0.0.1", 1884],
  ["mqtt://1884", "mqtt://127.0.0.1:1884", "127.0.0.1", 1884],
  ["mqtt://:0", "mqtt://127.0.0.1:0", "127.0.0.1", 0],
  ["mqtts:", "mqtts://127.0.0.1:8883", "127.0.0.1", 8883],
  ["coap:", "coap://127.0.0.1:5683", "127.0.0.1", 5683],
  ["coap+tcp:", "coap+tcp://127.0.0.1:5683", "127.0.0.1", 5683],
  ["coaps+tcp://[::]", "coaps+tcp://[::]:5684", "::", 5684],
  ["any:", "any://127.0.0.1:8000", "127.0.0.1", 8000],
  ["MQTT://Broker.Example:1883", "mqtt://broker.example:1883", "broker.example", 1883],
  ["coap://[::]", "coap://[::]:5683", "::", 5683],
  ["coap://[::1]:5684", "coap://[::1]:5684", "::1", 5684],
  ["mqtt://[0:0::0:1]", "mqtt://[::1]:1883", "::1", 1883],
];

for (const [text, url, hostname, port] of right) {
  Deno.test(`parseListenUrl reads ${text}`, () => {
    const found = parseListenUrl(text);
    assert.deepEqual([found.url, found.hostname, found.port], [url, hostname, port]);
    assert.deepEqual(parseListenUrl(found.url), found);
  });
}

Deno.test("parseListenUrl reads the path of a Unix socket", () => {
  for (const text of ["mqtt+unix:/run/a b.sock", "mqtt+unix:///run/a b.sock"]) {
    assert.deepEqual(parseListenUrl(text), {
      scheme: "mqtt+unix",
      protocol: "mqtt",
      carrier: "unix",
      hostname: "",
      port: 0,
      path: "/run/a b.sock",
      url: "mqtt+unix:/run/a b.sock",
    });
  }
});

Deno.test("parseListenUrl knows protocol and carrier of every scheme", () => {
  for (const [scheme, { protocol, carrier }] of Object.entries(schemes)) {
    const found = parseListenUrl(scheme + (carrier === "unix" ? ":/a" : ":"));
    assert.deepEqual([found.scheme, found.protocol, found.carrier], [scheme, protocol, carrier]);
  }
});

const wrong: [text: string, message: string][] = [
  ["", "give a URL such as mqtt://127.0.0.1:1883, or a port for HTTP"],
  ["meerkat", "give a URL such as mqtt://127.0.0.1:1883, or a port for HTTP"],
  ["//127.0.0.1", "give a URL such as mqtt://127.0.0.1:1883, or a port for HTTP"],
  ["mqt://:1883", 'unknown scheme "mqt", did you mean "mqtt"?'],
  [
    "gopher://:70",
    `unknown scheme "gopher", known are ${Object.keys(schemes).join(", ")}`,
  ],
  ["coap+ws://:80", "CoAP over WebSocket is part of http:, as in http://:8080"],
  ["coaps://:5684", "there is no DTLS here: CoAP is encrypted in TLS, as in coaps+tcp://:5684"],
  ["ws://:8080", "WebSocket is part of http:, as in http://:8080"],
  ["tcp://:1883", "name the protocol, as in mqtt://:1883"],
  ["mqtt://:65536", "a port is at most 65535, and 65536 is more"],
  ["mqtt://:18 83", "give a host and a port, as in mqtt://127.0.0.1:1883; IPv6 in []"],
  ["mqtt://:-1", "give a host and a port, as in mqtt://127.0.0.1:1883; IPv6 in []"],
  ["mqtt://::1:1883", "give a host and a port, as in mqtt://127.0.0.1:1883; IPv6 in []"],
  ["mqtt://[::g]:1883", '"[::g]" is not an IPv6 address'],
  ["mqtt://[]:1883", '"[]" is not an IPv6 address'],
  ["mqtt://*:1883", "every address is 0.0.0.0, or [::] with IPv6"],
  ["mqtt://127.1:1883", '"127.1" is neither an IP address nor a host name'],
  ["mqtt://256.0.0.1:1883", '"256.0.0.1" is neither an IP address nor a host name'],
  ["mqtt://0177.0.0.1:1883", '"0177.0.0.1" is neither an IP address nor a host name'],
  ["mqtt://0x7f000001:1883", '"0x7f000001" is neither an IP address nor a host name'],
  ["mqtt://a b:1883", '"a b" is neither an IP address nor a host name'],
  ["mqtt://me:secret@:1883", "a listener has no user and no password"],
  ["http://:8080/topics", "a listener has a host and a port and nothing after them"],
  ["http://:8080?x=1", "a listener has a host and a port and nothing after them"],
  ["http+unix:run/a", "give the absolute path of a socket, as in http+unix:/run/meerkat.sock"],
  ["http+unix:/run/", "give the absolute path of a socket, as in http+unix:/run/meerkat.sock"],
  ["http+unix://run/a", "give the absolute path of a socket, as in http+unix:/run/meerkat.sock"],
];

for (const [text, message] of wrong) {
  Deno.test(`parseListenUrl refuses "${text}"`, () => {
    assert.throws(() => parseListenUrl(text), { name: "TypeError", message });
  });
}

Deno.test("withPort puts the chosen port into the URL", () => {
  assert.equal(withPort(parseListenUrl("mqtt://[::1]:0"), 4711).url, "mqtt://[::1]:4711");
  assert.equal(withPort(parseListenUrl("http+unix:/a"), 4711).url, "http+unix:/a");
});

Deno.test("isLoopback believes only addresses that nobody else can reach", () => {
  for (const host of ["127.0.0.1", "127.255.0.9", "::1", "localhost", "::ffff:7f00:1"]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (
    const host of [
      "0.0.0.0",
      "::",
      "128.0.0.1",
      "127.example",
      "localhost.example",
      "::ffff:7f",
      "",
    ]
  ) {
    assert.equal(isLoopback(host), false, host);
  }
  assert.equal(isLocal(parseListenUrl("http+unix:/a")), true);
  assert.equal(isLocal(parseListenUrl("http://0.0.0.0")), false);
});
