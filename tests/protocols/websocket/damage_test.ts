import assert from "node:assert/strict";
import { ProtocolError } from "../../../protocols/session.ts";
import { readOpening } from "../../../protocols/websocket/client_handshake.ts";
import { readClose } from "../../../protocols/websocket/frames/close.ts";
import { isCloseCode } from "../../../protocols/websocket/frames/codes.ts";
import {
  acceptOffer,
  type Agreement,
  compressionDefaults,
  offerOf,
  readAnswer,
} from "../../../protocols/websocket/frames/extensions.ts";
import { findInRun, joinRun } from "../../../protocols/websocket/frames/run.ts";
import {
  asksForWebSocket,
  checkHandshake,
  chooseSubprotocol,
  switchingProtocols,
} from "../../../protocols/websocket/handshake.ts";
import { defaults } from "../../../protocols/websocket/limits.ts";
import { faultOfName, readOperation } from "../../../protocols/websocket/topics/operation.ts";
import { bytes, hex, join } from "../fakes.ts";
import { survive } from "../harm.ts";
import { frame, request, sample } from "./peer.ts";

// `decodeHeader()` is fed in codec_test.ts, `Deflation` in deflation_test.ts, `Utf8Check` in
// utf8_test.ts, and whole conversations in session_random_test.ts.

Deno.test("readClose() reads a damaged Close frame, or refuses it", () => {
  survive([join([hex("03e8"), bytes("näh")]), hex("0bb8")], (payload) => {
    const { code, reason } = readClose(payload);
    if (code === undefined) return assert.equal(payload.length, 0);
    assert.ok(isCloseCode(code));
    assert.deepEqual(bytes(reason), payload.slice(2));
  }, ProtocolError);
});

function checkAgreement({ takeover, bits }: Agreement): void {
  for (const each of [bits.ours, bits.theirs]) assert.ok(each >= 8 && each <= 15);
  for (const each of [takeover.ours, takeover.theirs]) assert.equal(typeof each, "boolean");
}

Deno.test("acceptOffer() agrees to a damaged offer that can be met, or to none", () => {
  const offers = [
    'x-other; a="b", permessage-deflate; server_max_window_bits="10"; client_max_window_bits',
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=8",
  ];
  survive(offers, (offer) => {
    const accepted = acceptOffer(offer, compressionDefaults);
    if (accepted === undefined) return;
    checkAgreement(accepted.agreement);
    assert.match(accepted.field, /^permessage-deflate(; [a-z_]+(=\d+)?)*$/);
  });
});

Deno.test("readAnswer() takes a damaged answer for an agreement, or says what is wrong with it", () => {
  const wishes = { ...compressionDefaults, windowBits: 15 };
  survive([`${offerOf(wishes)}=9; server_max_window_bits=15`], (answer) => {
    const found = readAnswer(answer, wishes);
    if (typeof found === "string") assert.match(found, /^its /);
    else checkAgreement(found);
  });
});

Deno.test("readOpening() waits for the rest of a damaged answer, takes it, or refuses it", () => {
  const wanted = { key: sample.key, subprotocol: "mqtt", extensions: "permessage-deflate" };
  const answer = switchingProtocols(sample.key, "mqtt", "permessage-deflate");
  survive([answer], (harmed) => {
    const found = readOpening(harmed, wanted);
    if (found === undefined) return;
    assert.ok(found.end <= harmed.length);
    assert.ok(found.subprotocol === undefined || found.subprotocol === "mqtt");
  }, ProtocolError);
});

for (
  const [field, value] of [
    ["connection", "keep-alive, Upgrade"],
    ["upgrade", "h2c, websocket"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", sample.key],
    ["content-length", "0"],
  ] as const
) {
  Deno.test(`checkHandshake() takes a request whose ${field} is damaged, or says why not`, () => {
    survive([value], (harmed) => {
      const asked = request("/", { [field]: harmed });
      assert.equal(typeof asksForWebSocket(asked), "boolean");
      const refusal = checkHandshake(asked);
      if (refusal !== undefined) assert.match(refusal.body, /^Cannot /);
    });
  });
}

Deno.test("chooseSubprotocol() chooses what is known, however the offer is damaged", () => {
  survive(["chat, mqtt,json"], (offer) => {
    const chosen = chooseSubprotocol(offer, ["mqtt", "json"]);
    assert.ok(chosen === undefined || (offer.includes(chosen) && /^(mqtt|json)$/.test(chosen)));
  });
});

const operations = [
  '{"op":"publish","id":1,"topic":"a/b","payload":"AP+A","encoding":"base64","reply":"5s"}',
  '{"op":"publish","id":"x","topic":"é","payload":"1","qos":2,"retain":true,"contentType":"a/b"}',
  '{"op":"subscribe","filter":"a/+/#","qos":1,"since":"24h"}',
  '{"op":"unsubscribe","id":2,"topic":"a"}',
];

Deno.test("readOperation() reads a damaged operation as one that can be done, or as a fault", () => {
  survive(operations, (text) => {
    const operation = readOperation(text, defaults);
    switch (operation.op) {
      case "fault":
        return assert.match(operation.reason, /^Cannot /);
      case "publish":
        assert.equal(faultOfName(operation.topic, "topic", defaults.maxTopicLevels), undefined);
        assert.ok((operation.replyMs ?? 1) > 0);
        return assert.ok(operation.payload instanceof Uint8Array);
      default:
        assert.equal(faultOfName(operation.filter, "filter", defaults.maxTopicLevels), undefined);
    }
  });
});

Deno.test("joinRun() joins what is whole of damaged frames, and findInRun() finds every byte of it", () => {
  const run = join(["abc", "", "defgh", "i"].map((payload) => frame(2, payload)));
  survive([run], (harmed) => {
    const found = joinRun(harmed, 0);
    if (found === undefined) return;
    const { size, payload } = found;
    assert.ok(size <= harmed.length && payload.length <= size);
    for (let count = 0; count < payload.length; count++) {
      const place = findInRun(harmed, 0, count);
      assert.ok(place.frame + 6 + place.offset < size);
    }
  });
});
