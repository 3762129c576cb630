import { type CborValue, decodeCbor, Tagged } from "../../../../protocols/cbor.ts";
import { encodeCbor } from "../../../../protocols/cbor_writer.ts";
import { Code, type Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { Configurations } from "../../../../protocols/coap/pubsub/configurations.ts";
import { bytes } from "../../fakes.ts";
import { brief, FakeDatagrams, request, type RequestParts, valueOf } from "../fake_datagrams.ts";

/** Content-Format of configurations. */
export const FORMAT = 606;

/** Properties by label. */
export type Given = Record<number, CborValue>;

/** What every topic needs: its name and the resource type of its data. */
export function named(name: string, more: Given = {}): Given {
  return { 0: name, 2: "core.ps.data", ...more };
}

/** A date in seconds since 1970. */
export function date(seconds: number): Tagged {
  return new Tagged(1, seconds);
}

export function payloadOf(given: Given): Uint8Array<ArrayBuffer> {
  return encodeCbor(new Map(Object.entries(given).map(([label, value]) => [Number(label), value])));
}

/** Asks with properties in CBOR. */
export function send(
  stage: FakeDatagrams,
  code: number,
  uri: string,
  given: Given | Uint8Array = {},
  parts: RequestParts = {},
): Message {
  const payload = given instanceof Uint8Array ? given : payloadOf(given);
  const options = [
    new Option(Options.contentFormat, uint(FORMAT)),
    ...parts.options ?? [],
  ];
  return stage.ask(request(code, uri, { ...parts, payload, options }))[0]!;
}

/** The code of an answer and, as an object, the properties in it. */
export function told(answer: Message): [code: string, properties: Given | string] {
  const code = brief(answer).split(" ")[0]!;
  const format = valueOf(answer, Options.contentFormat);
  if (format === undefined || uintOf(format) !== FORMAT) {
    return [code, new TextDecoder().decode(answer.payload)];
  }
  return [code, Object.fromEntries(decodeCbor(answer.payload, 0) as Map<number, CborValue>)];
}

/** A path that an answer names, such as `/pubsub/a`. */
export function locationOf(answer: Message): string {
  return answer.options.filter(({ number }) => number === Options.locationPath)
    .map(({ value }) => `/${new TextDecoder().decode(value)}`).join("");
}

/** A stage on which a topic is configured. */
export function configured(name: string, more: Given = {}): FakeDatagrams {
  const stage = new FakeDatagrams();
  const answer = send(stage, Code.post, "/pubsub", named(name, more));
  if (answer.code !== Code.created) throw new Error(`The answer was ${told(answer)}`);
  return stage;
}

/** Asks to observe; the answer and whether it is a registration. */
export function observe(
  stage: FakeDatagrams,
  uri: string,
  token: number,
  from?: string,
): string {
  const options = [new Option(Options.observe, bytes(""))];
  const asked = request(Code.get, uri, { token: Uint8Array.of(token), options });
  const [answer] = stage.ask(asked, from);
  return `${brief(answer!)}${valueOf(answer!, Options.observe) === undefined ? "" : " observed"}`;
}

/** The gateway looks at the clock, as it does each second. */
export function tick(stage: FakeDatagrams): void {
  const configurations = stage.shared(Configurations);
  if (configurations.deadline <= stage.now) configurations.tick(stage.now, stage);
  stage.turn();
}
