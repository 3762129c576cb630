import assert from "node:assert/strict";
import {
  acceptKey,
  asksForWebSocket,
  checkHandshake,
  chooseSubprotocol,
  switchingProtocols,
} from "../../../protocols/websocket/handshake.ts";
import { request, sample } from "./peer.ts";

Deno.test("acceptKey answers the sample of RFC 6455", () => {
  assert.equal(acceptKey(sample.key), sample.accept);
});

Deno.test("switchingProtocols writes the 101", () => {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${sample.accept}`,
  ];
  const text = (subprotocol?: string) =>
    new TextDecoder().decode(switchingProtocols(sample.key, subprotocol));
  assert.equal(text(), [...lines, "", ""].join("\r\n"));
  assert.equal(text("mqtt"), [...lines, "Sec-WebSocket-Protocol: mqtt", "", ""].join("\r\n"));
});

Deno.test("asksForWebSocket knows a request for something else", () => {
  const cases: [field: string | undefined, asks: boolean][] = [
    ["websocket", true],
    ["WebSocket", true],
    ["h2c, websocket", true],
    ["h2c", false],
    ["websockets", false],
    [undefined, false],
  ];
  for (const [upgrade, asks] of cases) {
    assert.equal(asksForWebSocket(request("/", { upgrade })), asks, upgrade);
  }
  assert(!asksForWebSocket({ ...request("/"), minor: 0 }));
});

const accepted: [name: string, fields: Record<string, string>][] = [
  ["the usual request", {}],
  ["keep-alive beside Upgrade", { connection: "keep-alive, UPGRADE" }],
  ["a body of no bytes", { "content-length": "0" }],
];

for (const [name, fields] of accepted) {
  Deno.test(`checkHandshake accepts ${name}`, () => {
    assert.equal(checkHandshake(request("/", fields)), undefined);
  });
}

const refused: [name: string, status: number, fields: Record<string, string | undefined>][] = [
  ["no Connection", 400, { connection: undefined }],
  ["Connection without Upgrade", 400, { connection: "keep-alive" }],
  ["a body", 400, { "content-length": "5" }],
  ["a chunked body", 400, { "transfer-encoding": "chunked" }],
  ["no version", 426, { "sec-websocket-version": undefined }],
  ["version 8", 426, { "sec-websocket-version": "8" }],
  ["two versions", 426, { "sec-websocket-version": "13, 8" }],
  ["no key", 400, { "sec-websocket-key": undefined }],
  ["two keys", 400, { "sec-websocket-key": `${sample.key}, ${sample.key}` }],
  ["a key of 15 bytes", 400, { "sec-websocket-key": "dGhlIHNhbXBsZSBub25j" }],
  ["a key of 17 bytes", 400, { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQAA" }],
  ["a key that is not base64", 400, { "sec-websocket-key": "dGhlIHNhbXBsZSBub25j!Q==" }],
];

for (const [name, status, fields] of refused) {
  Deno.test(`checkHandshake refuses ${name} with ${status}`, () => {
    const refusal = checkHandshake(request("/", fields));
    assert.equal(refusal?.status, status);
    assert.match(refusal.body, /^Cannot .*\n$/);
  });
}

Deno.test("checkHandshake refuses POST", () => {
  assert.equal(checkHandshake({ ...request("/"), method: "POST" })?.status, 400);
});

Deno.test("checkHandshake names the version that it wants", () => {
  const refusal = checkHandshake(request("/", { "sec-websocket-version": "7" }));
  const fields = Object.fromEntries(refusal?.fields ?? []);
  assert.equal(fields["sec-websocket-version"], "13");
  assert.equal(fields.upgrade, "websocket");
});

Deno.test("chooseSubprotocol takes the client's first that is known", () => {
  const known = ["mqtt", "json"];
  assert.equal(chooseSubprotocol("chat, json, mqtt", known), "json");
  assert.equal(chooseSubprotocol("mqtt", known), "mqtt");
  assert.equal(chooseSubprotocol("chat", known), undefined);
  assert.equal(chooseSubprotocol("JSON", known), undefined);
  assert.equal(chooseSubprotocol(undefined, known), undefined);
});
