import assert from "node:assert/strict";
import { Deflation } from "../../../../protocols/websocket/frames/deflation.ts";
import {
  acceptOffer,
  type Agreement,
  compressionDefaults,
  type CompressionOptions,
  offerOf,
  readAnswer,
} from "../../../../protocols/websocket/frames/extensions.ts";
import { bytes, hex, join } from "../../fakes.ts";
import { codeOf } from "../conversation.ts";
import { randoms } from "../peer.ts";

const wishes = (changes: CompressionOptions = {}) => ({ ...compressionDefaults, ...changes });

function both(ours: number, takeover = true): Agreement {
  return { takeover: { ours: takeover, theirs: takeover }, bits: { ours, theirs: ours } };
}

const pair = (bits: number, takeover = true, changes: CompressionOptions = { minBytes: 1 }) => [
  new Deflation(both(bits, takeover), wishes(changes)),
  new Deflation(both(bits, takeover), wishes(changes)),
];

/** Text of words that come again, of some length. */
function prose(random: (below: number) => number, length: number): Uint8Array {
  const words = ["sensor", "attic", '{"value":', "21.5", "temperature", "}", "é", "\n"];
  let text = "";
  while (text.length < length) text += words[random(words.length)]! + random(10);
  return bytes(text).slice(0, length);
}

for (let bits = 8; bits <= 15; bits++) {
  for (const takeover of [true, false]) {
    Deno.test(`Messages survive a window of 2^${bits} bytes, ${takeover ? "with" : "without"} takeover`, () => {
      const seed = bits * 7 + Number(takeover), random = randoms(seed);
      const [one, other] = pair(bits, takeover);
      let sent = 0, all = 0;
      for (const length of [1, 2, 3, 10, 64, 300, 300, 300, 1000, 8192, 8193, 40_000, 300, 300]) {
        for (let round = 0; round < 8; round++) {
          const message = random(5) === 0
            ? crypto.getRandomValues(new Uint8Array(Math.min(length, 60_000)))
            : prose(random, length);
          const compressed = one!.deflate(message);
          all += message.length;
          sent += compressed?.length ?? message.length;
          if (compressed === undefined) continue;
          assert.ok(compressed.length < message.length);
          assert.deepEqual(other!.inflate(compressed, length), message, `seed ${seed}`);
        }
      }
      assert.ok(sent < all * 0.6, `${sent} of ${all}`);
    });
  }
}

Deno.test("A short message that was sent before takes a few bytes the second time", () => {
  const [one, other] = pair(12);
  const message = prose(randoms(1), 600);
  const first = one!.deflate(message)!, second = one!.deflate(message)!;
  assert.ok(second.length < 20, `${second.length} bytes, ${first.length} before`);
  assert.deepEqual(other!.inflate(first, 600), message);
  assert.deepEqual(other!.inflate(second, 600), message);
});

Deno.test("No message refers further back than the window that was agreed", () => {
  for (let bits = 8; bits <= 15; bits++) {
    const size = 1 << bits, [one] = pair(bits);
    const noise = crypto.getRandomValues(new Uint8Array(Math.min(size + 1, 8000)));
    const repeated = join([noise, noise]).slice(0, 8192);
    if (noise.length === 8000) continue;
    // Half of it comes again, one byte too far back to be referred to.
    assert.equal(one!.deflate(repeated), undefined, `2^${bits}`);
  }
});

Deno.test("Only what gets shorter is compressed, from the size on that was set to that which was", () => {
  const [one] = pair(12, true, { minBytes: 100, maxBytes: 20_000 });
  assert.equal(one!.deflate(new Uint8Array(99)), undefined);
  assert.ok(one!.deflate(new Uint8Array(100)));
  assert.ok(one!.deflate(new Uint8Array(20_000)));
  assert.equal(one!.deflate(new Uint8Array(20_001)), undefined);
  for (const length of [200, 9000]) {
    assert.equal(one!.deflate(crypto.getRandomValues(new Uint8Array(length))), undefined);
  }
});

// RFC 7692 §7.2.3: the examples.
const hello = bytes("Hello");
Deno.test("The examples of RFC 7692 inflate", () => {
  const fresh = () => new Deflation(both(15), wishes());
  assert.deepEqual(fresh().inflate(hex("f248cdc9c90700"), 100), hello);
  assert.deepEqual(fresh().inflate(hex("f348cdc9c9070000"), 100), hello, "a final block");
  assert.deepEqual(fresh().inflate(hex("000500faff48656c6c6f00"), 100), hello, "no compression");
  assert.deepEqual(fresh().inflate(hex("f248050000 00ffff cac9c90700"), 100), hello, "two blocks");
  const takeover = fresh();
  assert.deepEqual(takeover.inflate(hex("f248cdc9c90700"), 100), hello);
  assert.deepEqual(takeover.inflate(hex("f200110000"), 100), hello, "the second time");
  assert.deepEqual(fresh().inflate(hex("00"), 100), new Uint8Array(0), "an empty message");
});

Deno.test("A bomb is not inflated beyond the limit", () => {
  const bomb = new Deflation(both(15), wishes({ minBytes: 1, maxBytes: 1 << 24 }));
  const packed = bomb.deflateAlone(new Uint8Array(16 << 20))!;
  assert.ok(packed.length < 20_000);
  const receiver = new Deflation(both(15), wishes());
  assert.equal(codeOf(() => receiver.inflate(packed, 1 << 20)), 1009);
  assert.equal(receiver.inflate(packed, 16 << 20).length, 16 << 20);
  // The limit is that of the message, whatever came before it.
  const [one, other] = pair(15);
  for (let round = 0; round < 5; round++) {
    const message = new Uint8Array(5000).fill(round);
    assert.deepEqual(other!.inflate(one!.deflate(message)!, 5000), message);
  }
  assert.equal(codeOf(() => other!.inflate(one!.deflate(new Uint8Array(5001))!, 5000)), 1009);
});

Deno.test("What cannot be inflated is refused, and so is data that ends again and again", () => {
  const receiver = new Deflation(both(15), wishes());
  assert.equal(codeOf(() => receiver.inflate(hex("ff ff ff"), 100)), 1007);
  assert.equal(codeOf(() => receiver.inflate(new Uint8Array(2000).fill(3), 100)), 1007);
});

Deno.test("Truncated, flipped and random data ends in a message or a refusal", () => {
  const random = randoms(11);
  const [one] = pair(12);
  one!.deflate(prose(random, 400));
  const packed = one!.deflate(prose(random, 400))!;
  const survive = (data: Uint8Array) => {
    const receiver = new Deflation(both(12), wishes());
    const code = codeOf(() => assert.ok(receiver.inflate(data, 10_000).length <= 10_000));
    assert.ok(code === undefined || code === 1007 || code === 1009, `${data.toHex()}`);
  };
  for (let end = 0; end < packed.length; end++) survive(packed.slice(0, end));
  for (let at = 0; at < packed.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      survive(packed.map((byte, i) => i === at ? byte ^ flip : byte));
    }
  }
  for (let round = 0; round < 300; round++) {
    survive(Uint8Array.from({ length: random(60) }, () => random(256)));
  }
});

const offers: [offer: string | undefined, answer: string | undefined][] = [
  [undefined, undefined],
  ["", undefined],
  ["permessage-deflate", "permessage-deflate"],
  ["PerMessage-Deflate", "permessage-deflate"],
  ["permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=12"],
  ["permessage-deflate;client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"],
  [
    'permessage-deflate; client_max_window_bits="10"',
    "permessage-deflate; client_max_window_bits=10",
  ],
  [
    "permessage-deflate; server_max_window_bits=15",
    "permessage-deflate; server_max_window_bits=12",
  ],
  ["permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"],
  [
    "permessage-deflate; server_no_context_takeover",
    "permessage-deflate; server_no_context_takeover",
  ],
  [
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; client_no_context_takeover",
  ],
  [
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11",
  ],
  ["permessage-deflate; server_max_window_bits", undefined],
  ["permessage-deflate; server_max_window_bits=7", undefined],
  ["permessage-deflate; server_max_window_bits=16", undefined],
  ["permessage-deflate; server_max_window_bits=09", undefined],
  ["permessage-deflate; client_max_window_bits=0", undefined],
  ["permessage-deflate; server_no_context_takeover=1", undefined],
  ["permessage-deflate; client_no_context_takeover; client_no_context_takeover", undefined],
  ["permessage-deflate; mystery", undefined],
  ["permessage-bzip2, x-webkit-deflate-frame", undefined],
  ["permessage-deflate; mystery, permessage-deflate", "permessage-deflate"],
  [
    "permessage-deflate; server_max_window_bits=99, permessage-deflate; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=9",
  ],
  [
    "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    "permessage-deflate; server_max_window_bits=9",
  ],
  ["permessage-deflate; ;", undefined],
  [";;;", undefined],
];

for (const [offer, answer] of offers) {
  Deno.test(`The offer "${offer}" is answered ${answer ?? "with nothing"}`, () => {
    assert.equal(acceptOffer(offer, wishes())?.field, answer);
  });
}

Deno.test("Takeover can be refused for both sides, whatever is offered", () => {
  const accepted = acceptOffer("permessage-deflate", wishes({ noContextTakeover: true }));
  assert.deepEqual(accepted?.agreement.takeover, { ours: false, theirs: false });
});

Deno.test("What a client offers and what a server makes of it are one agreement", () => {
  for (const changes of [{}, { windowBits: 9 }, { windowBits: 15 }, { noContextTakeover: true }]) {
    const mine = wishes(changes);
    for (const theirs of [wishes(), wishes({ windowBits: 15 }), wishes({ windowBits: 8 })]) {
      const { agreement, field } = acceptOffer(offerOf(mine), theirs)!;
      const read = readAnswer(field, mine);
      assert.ok(typeof read !== "string", String(read));
      assert.deepEqual(read.takeover, {
        ours: agreement.takeover.theirs,
        theirs: agreement.takeover.ours,
      });
      assert.ok(read.bits.ours <= agreement.bits.theirs);
      assert.ok(agreement.bits.ours <= read.bits.theirs);
    }
  }
});

Deno.test("A client does not take an answer that is not what it offered", () => {
  for (
    const answer of [
      "",
      "permessage-bzip2",
      "permessage-deflate, permessage-deflate",
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; mystery",
      "permessage-deflate; server_max_window_bits=15",
      "permessage-deflate; server_max_window_bits=3",
    ]
  ) assert.equal(typeof readAnswer(answer, wishes()), "string", answer);
});
