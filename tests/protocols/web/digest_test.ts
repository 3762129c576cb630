import assert from "node:assert/strict";
import {
  answerChallenge,
  challengeOf,
  ha1Of,
  parametersOf,
  parseDigest,
  responseTo,
} from "../../../protocols/web/digest.ts";

/** The example of RFC 7616 §3.9.1. */
const example = {
  username: "Mufasa",
  realm: "http-auth@example.org",
  uri: "/dir/index.html",
  nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
  nc: "00000001",
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
};
const responses = {
  MD5: "8ca523f5e9506fed4657c9700eebdbec",
  "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
} as const;

function field(algorithm: "MD5" | "SHA-256"): string {
  const { username, realm, uri, nonce, nc, cnonce } = example;
  return `username="${username}", realm="${realm}", uri="${uri}", algorithm=${algorithm}, ` +
    `nonce="${nonce}", nc=${nc}, cnonce="${cnonce}", qop=auth, response="${
      responses[algorithm]
    }", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
}

for (const algorithm of ["MD5", "SHA-256"] as const) {
  Deno.test(`The example of RFC 7616 with ${algorithm} comes out`, () => {
    const ha1 = ha1Of({ ...example, password: "Circle of Life" }, algorithm);
    const found = responseTo({ ...example, algorithm }, { ha1, method: "GET" });
    assert.equal(found, responses[algorithm]);
    assert.deepEqual(parseDigest(field(algorithm)), {
      ...example,
      algorithm,
      response: responses[algorithm],
    });
  });
}

Deno.test("The client's half answers a challenge so that the server's half accepts it", () => {
  const realm = 'a "quoted" \\ realm';
  const challenge = challengeOf({ realm, nonce: "abc", algorithm: "SHA-256", stale: true });
  assert.match(challenge, /stale=true$/);
  const client = { username: "ann", password: "pw", method: "PUT", uri: "/a?b=c", cnonce: "x" };
  const answer = answerChallenge(challenge, { ...client, nc: 10 })!;
  const said = parseDigest(answer.replace(/^Digest /, ""))!;
  assert.deepEqual([said.realm, said.nc, said.uri], [realm, "0000000a", "/a?b=c"]);
  const ha1 = ha1Of({ username: "ann", realm, password: "pw" }, "SHA-256");
  assert.equal(responseTo(said, { ha1, method: "PUT" }), said.response);
});

Deno.test("Challenges that cannot be met are left alone", () => {
  const client = { username: "a", password: "b", method: "GET", uri: "/", cnonce: "c" };
  for (
    const challenge of [
      "Basic realm=x",
      'Digest realm="x"',
      'Digest realm="x", nonce="n"',
      'Digest realm="x", nonce="n", qop="auth-int"',
      'Digest realm="x", nonce="n", qop="auth", algorithm=SHA-512-256',
      'Digest realm="x", realm="y", nonce="n", qop="auth"',
    ]
  ) assert.equal(answerChallenge(challenge, client), undefined, challenge);
});

Deno.test("parseDigest takes nothing that is incomplete, doubled or not offered", () => {
  const good = field("MD5");
  for (
    const bad of [
      good.replace("qop=auth", "qop=auth-int"),
      good.replace("qop=auth, ", ""),
      good.replace("nc=00000001", "nc=1"),
      good.replace("algorithm=MD5", "algorithm=MD5-sess"),
      good.replace("algorithm=MD5", "algorithm=SHA-256"),
      `${good}, uri="/other"`,
      `${good}, userhash=true`,
      good.replace('username="Mufasa"', 'username=""'),
      `${good}, x="${"y".repeat(8_192)}"`,
    ]
  ) assert.equal(parseDigest(bad), undefined, bad.slice(0, 400));
});

Deno.test("parseDigest bears every truncation, every flipped byte and random text", () => {
  const good = field("SHA-256");
  for (let end = 0; end < good.length; end++) parseDigest(good.slice(0, end));
  for (let at = 0; at < good.length; at++) {
    for (const mask of [1, 32, 128]) {
      const flipped = String.fromCharCode(good.charCodeAt(at) ^ mask);
      parseDigest(good.slice(0, at) + flipped + good.slice(at + 1));
    }
  }
  let seed = 7616;
  for (let round = 0; round < 2_000; round++) {
    let text = "";
    for (let i = 0; i < 40; i++) {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      text += 'ab=",\\ \t;%'[seed >> 8 & 7] ?? String.fromCharCode(seed >> 8 & 0xff);
    }
    assert.doesNotThrow(() => parametersOf(text), `seed 7616, round ${round}`);
  }
});

Deno.test("parametersOf does not take long for what is made to take long", () => {
  const began = performance.now();
  for (
    const text of [`a="${"\\".repeat(8_000)}`, ",".repeat(8_000) + "x", " ".repeat(8_000) + "="]
  ) {
    assert.equal(parametersOf(text), undefined);
  }
  assert.ok(performance.now() - began < 1_000);
});
