import assert from "node:assert/strict";
import type { CoapLimits } from "../../../../protocols/coap/limits.ts";
import { Code, type Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../../protocols/coap/messages/options.ts";
import { FakeSpace } from "../../fakes.ts";
import { brief, FakeDatagrams, request, seeded, valueOf } from "../fake_datagrams.ts";

/** Whoever this is. */
export const PUBLIC = "203.0.113.7:5683";
/** More than three times as long as any request here. */
export const LARGE = "x".repeat(900);

/** A stage that verifies addresses, with a large value in `large` and a small one in `small`. */
export function guarded(
  limits: Partial<CoapLimits> = {},
  random: () => number = seeded(9175),
): FakeDatagrams {
  const all: Partial<CoapLimits> = { verifyAddresses: "public", ...limits };
  const stage = new FakeDatagrams(all, new FakeSpace(), random);
  stage.tell("large", LARGE);
  stage.tell("small", "1");
  stage.take();
  return stage;
}

/** Asks, and answers a challenge by asking again. */
export function prove(stage: FakeDatagrams, from = PUBLIC): void {
  const [challenge] = stage.ask(request(Code.get, "/topics/large"), from);
  const [answer] = stage.ask(withEcho(challenge!, "/topics/large"), from);
  assert.equal(brief(answer!), `2.05 ${LARGE}`);
}

/** A request with what a challenge asks for. */
export function withEcho(challenge: Message, uri: string): Message {
  assert.equal(brief(challenge), "4.01");
  const echo = new Option(Options.echo, valueOf(challenge, Options.echo)!);
  return request(Code.get, uri, { options: [echo] });
}
