import type { CoapLimits } from "../../../protocols/coap/limits.ts";
import { decode, encode, Message, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../protocols/coap/messages/options.ts";
import { coap, type CoapSession } from "../../../protocols/coap/session.ts";
import { type Delivery, Publication } from "../../../protocols/publication.ts";
import type { DatagramWire } from "../../../protocols/session.ts";
import { FakeMember } from "../fake_member.ts";
import { bytes, FakeSpace, nobody } from "../fakes.ts";

/** The peer that tests speak as, unless they name another. */
export const PEER = "192.0.2.1:5000";

/** One CoAP session with fake peers and a view of a `FakeSpace`; time is the field `now`. */
export class FakeDatagrams extends FakeMember implements DatagramWire {
  override readonly name = "datagrams";
  readonly maxBytes = 1232;
  override identity = { ...nobody, address: "" };
  readonly sent: { to: string; message: Message; bytes: Uint8Array }[] = [];
  readonly session: CoapSession;
  now = 1_000_000;
  /** Set false to have `send` refuse. */
  accepts = true;
  /** Set false to have a full mailbox. */
  hasRoom = true;
  /** Set to see what is sent when it is sent. */
  onSend: ((datagram: Uint8Array, to: string) => void) | undefined;
  #mail: unknown[] = [];

  constructor(
    limits: Partial<CoapLimits> = {},
    space: FakeSpace = new FakeSpace(),
    random: () => number = () => 0,
  ) {
    super(space);
    // Most of these tests are about something else than who is where.
    const all: Partial<CoapLimits> = { verifyAddresses: "none", ...limits };
    this.session = coap(all, random)(this, this, this.now) as CoapSession;
  }

  /** Everything sent since the last call, decoded. */
  take(): Message[] {
    return this.sent.splice(0).map(({ message }) => message);
  }

  /** The only message sent since the last call. */
  takeOne(): Message {
    const sent = this.take();
    if (sent.length !== 1) throw new Error(`${sent.length} messages were sent, not one`);
    return sent[0]!;
  }

  /** Feeds one datagram, overwrites it afterwards, and runs the turns it causes. */
  feed(datagram: Uint8Array, from = PEER): void {
    const view = datagram.slice();
    this.session.receive(view, from, this.now);
    view.fill(0xdb);
    this.turn();
  }

  /** Feeds one message and returns what is sent because of it. */
  ask(message: Message, from = PEER): Message[] {
    this.take();
    this.feed(encode(message), from);
    return this.take();
  }

  turn(): void {
    for (let mail = this.#mail.shift(); mail !== undefined; mail = this.#mail.shift()) {
      this.session.signal(mail, this.now);
    }
  }

  /** Another client publishes. */
  tell(topic: string, text: string | Uint8Array, retain = true, contentType?: string): void {
    const payload = typeof text === "string" ? bytes(text) : text;
    this.space.publish(new Publication(topic, payload, { retain, time: this.now, contentType }));
    this.turn();
  }

  /** Another client publishes so fast that we hear of it only afterwards. */
  tellInOneTurn(topic: string, texts: readonly string[]): void {
    for (const text of texts) {
      this.space.publish(new Publication(topic, bytes(text), { retain: true, time: this.now }));
    }
    this.turn();
  }

  /** Moves the clock and ticks whenever a deadline has come. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.session.deadline <= until) {
      this.now = Math.max(this.now, this.session.deadline);
      this.session.tick(this.now);
      this.turn();
    }
    this.now = until;
  }

  send(datagram: Uint8Array, to: string): boolean {
    if (!this.accepts) return false;
    const copy = datagram.slice();
    this.onSend?.(copy, to);
    this.sent.push({ to, bytes: copy, message: decode(copy, 64) });
    return true;
  }

  deliver(_delivery: Delivery): boolean {
    throw new Error("the session subscribes with receivers of its own");
  }

  post(signal: unknown): boolean {
    if (this.hasRoom) this.#mail.push(signal);
    return this.hasRoom;
  }
}

/** What a request says beside its path. */
export interface RequestParts {
  type?: number;
  id?: number;
  token?: Uint8Array;
  payload?: string | Uint8Array;
  options?: Option[];
}

let nextId = 1;

/** A request for a URI such as `/topics/a?qos=1`, with an id of its own. */
export function request(code: number, uri: string, parts: RequestParts = {}): Message {
  const [path = "", query] = uri.split("?");
  const options = [...parts.options ?? []];
  for (const segment of path.split("/").slice(1)) {
    options.push(new Option(Options.uriPath, bytes(segment)));
  }
  for (const part of query?.split("&") ?? []) {
    options.push(new Option(Options.uriQuery, bytes(part)));
  }
  options.sort((a, b) => a.number - b.number);
  const { payload = "" } = parts;
  return new Message(
    parts.type ?? 0,
    code,
    parts.id ?? nextId++ & 0xffff,
    parts.token ?? Uint8Array.of(7),
    options,
    typeof payload === "string" ? bytes(payload) : payload,
  );
}

/** The value of an option, or undefined. */
export function valueOf(message: Message, number: number): Uint8Array | undefined {
  return message.options.find((option) => option.number === number)?.value;
}

/** A message in short: `2.05 text`, with `NON ` and so on before it unless it is an ACK. */
export function brief({ type, code, payload }: Message): string {
  const kind = ["CON ", "NON ", "", "RST "][type]!;
  const number = `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
  const text = code >> 5 === 2 ? new TextDecoder().decode(payload) : "";
  return `${kind}${number} ${text}`.trim();
}

/** A generator of numbers from 0 to below 1 that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
