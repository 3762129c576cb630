import assert from "node:assert/strict";
import { decodeBase64 } from "@std/encoding/base64";
import type { AuthExchange, AuthStep } from "../../../protocols/mqtt/authentication.ts";
import { scramCredentials, scramSha256 } from "../../../protocols/mqtt/scram.ts";
import { bytes } from "../fakes.ts";

// The example of RFC 7677 §3.
const salt = decodeBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
const example = {
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  serverFirst:
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal:
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

const pencil = scramCredentials("pencil", { salt, iterations: 4096 });

function method(user = "user") {
  const store = (name: string) => name === user ? pencil : undefined;
  return scramSha256(store, () => "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
}

function say(exchange: AuthExchange, message: string | Uint8Array | undefined): AuthStep {
  let step: AuthStep | undefined;
  exchange.take(typeof message === "string" ? bytes(message) : message, (each) => step = each);
  assert.ok(step, "an answer at once");
  return step;
}

function text(step: AuthStep): string {
  assert.ok(step.kind !== "failure", JSON.stringify(step));
  return new TextDecoder().decode(step.data);
}

Deno.test("scramSha256() speaks as in the example of RFC 7677", () => {
  const exchange = method().begin("client", "127.0.0.1:50112");
  assert.equal(text(say(exchange, example.clientFirst)), example.serverFirst);
  const last = say(exchange, example.clientFinal);
  assert.ok(last.kind === "success" && last.user === "user");
  assert.equal(text(last), example.serverFinal);
});

Deno.test("scramSha256() refuses a wrong proof, nonce or binding", () => {
  for (
    const wrong of [
      example.clientFinal.replace("p=dHz", "p=dHy"),
      example.clientFinal.replace("r=rOp", "r=rOq"),
      example.clientFinal.replace("c=biws", "c=eSws"),
      example.clientFinal.replace("p=dHzb", "p=dHzb!"),
      example.clientFinal.slice(0, -10),
      "",
    ]
  ) {
    const exchange = method().begin("client", "127.0.0.1:50112");
    say(exchange, example.clientFirst);
    assert.equal(say(exchange, wrong).kind, "failure", wrong);
  }
});

Deno.test("scramSha256() does not tell who is known", () => {
  const shared = method("somebody else");
  const answers = [0, 1].map(() => {
    const exchange = shared.begin("client", "127.0.0.1:50112");
    const first = text(say(exchange, example.clientFirst));
    assert.match(first, /^r=[^,]+,s=[^,]+,i=\d+$/);
    const last = say(exchange, example.clientFinal);
    assert.ok(last.kind === "failure");
    return [first, last.message];
  });
  assert.deepEqual(answers[0], answers[1]);
  const exchange = method().begin("client", "127.0.0.1:50112");
  say(exchange, example.clientFirst);
  const wrong = say(exchange, example.clientFinal.replace("p=dHz", "p=dHy"));
  assert.equal(wrong.kind === "failure" && wrong.message, answers[0]![1]);
});

Deno.test("scramSha256() refuses first messages that are not in order", () => {
  const wrong = [
    undefined,
    Uint8Array.of(0xff),
    "x".repeat(5000),
    "",
    "n,,n=,r=a",
    "p=tls-unique,,n=user,r=a",
    "n,a=other,n=user,r=a",
    "n,,n=us=er,r=a",
    "n,,m=x,n=user,r=a",
    "n,,n=user,r=",
  ];
  for (const first of wrong) {
    const step = say(method().begin("client", "127.0.0.1:50112"), first);
    assert.match(
      step.kind === "failure" ? step.message : "",
      /^Cannot authenticate by SCRAM-SHA-256: /,
    );
  }
});

Deno.test("scramSha256() takes names with commas and equals signs", () => {
  const exchange = method("a,b=c").begin("client", "127.0.0.1:50112");
  assert.match(text(say(exchange, "n,,n=a=2Cb=3Dc,r=abc")), /,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096$/);
});

Deno.test("scramCredentials() makes a new salt for each password", () => {
  const [one, other] = [scramCredentials("pencil"), scramCredentials("pencil")];
  assert.notDeepEqual(one.salt, other.salt);
  assert.notDeepEqual(one.storedKey, other.storedKey);
  assert.ok(one.iterations >= 4096);
});
