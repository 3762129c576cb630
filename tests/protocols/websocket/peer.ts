import assert from "node:assert/strict";
import { Fields, type RequestHead } from "../../../protocols/http/messages/message.ts";
import { Assembly } from "../../../protocols/websocket/frames/assembly.ts";
import { decodeHeader, encodeFrame } from "../../../protocols/websocket/frames/codec.ts";
import { opcodes } from "../../../protocols/websocket/frames/codes.ts";
import { defaults, type WebSocketLimits } from "../../../protocols/websocket/limits.ts";
import type { Link, Mode } from "../../../protocols/websocket/mode.ts";
import { WebSocketSession } from "../../../protocols/websocket/session.ts";
import { websocket, type WebSocketOptions } from "../../../protocols/websocket/upgrade.ts";
import { bytes, FakeSpace, join, Stage } from "../fakes.ts";

/** One frame as a client sends it, masked byte by byte. */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  { final = true, mask = [0x37, 0xfa, 0x21, 0x3d] } = {},
): Uint8Array<ArrayBuffer> {
  const plain = typeof payload === "string" ? bytes(payload) : payload;
  const length = plain.length;
  const head = [opcode | (final ? 0x80 : 0)];
  if (length < 126) head.push(0x80 | length);
  else if (length < 0x10000) head.push(0xfe, length >> 8, length & 0xff);
  else {head.push(
      0xff,
      0,
      0,
      0,
      0,
      length >>> 24,
      length >> 16 & 0xff,
      length >> 8 & 0xff,
      length & 0xff,
    );}
  return join([
    Uint8Array.from([...head, ...mask]),
    plain.map((byte, index) => byte ^ mask[index % 4]!),
  ]);
}

/** A text frame as a client sends it. */
export function text(payload: string): Uint8Array<ArrayBuffer> {
  return frame(opcodes.text, payload);
}

/** A Close frame as a client sends it. */
export function close(code?: number, reason = ""): Uint8Array<ArrayBuffer> {
  if (code === undefined) return frame(opcodes.close);
  return frame(opcodes.close, join([Uint8Array.of(code >> 8, code), bytes(reason)]));
}

/** What a server sent, one line per frame: `text hello`, `binary 00ff`, `close 1000 bye`. */
export function lines(sent: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; at < sent.length;) {
    const header = decodeHeader(sent, at, false);
    assert(header, `half a header at ${at}`);
    const { opcode, length, size, final } = header;
    assert(final, "servers here do not fragment");
    const payload = sent.subarray(at + size, at += size + length);
    assert.equal(payload.length, length, "half a frame");
    found.push(line(opcode, payload));
  }
  return found;
}

function line(opcode: number, payload: Uint8Array): string {
  const string = new TextDecoder().decode(payload);
  if (opcode === opcodes.text) return `text ${string}`;
  if (opcode === opcodes.close) {
    if (payload.length === 0) return "close";
    const reason = new TextDecoder().decode(payload.subarray(2));
    return `close ${payload[0]! << 8 | payload[1]!}${reason && ` ${reason}`}`;
  }
  const name = opcode === opcodes.binary ? "binary" : opcode === opcodes.ping ? "ping" : "pong";
  return `${name} ${payload.toHex()}`.trimEnd();
}

/** The Close frame that ended a conversation, without its reason. */
export function closeCode(stage: Stage): string | undefined {
  return lines(stage.take()).at(-1)?.replace(/^(close \d+).*/, "$1");
}

/** A WebSocket that sends back what it gets. */
export class EchoMode implements Mode {
  readonly label = "echo";
  readonly congested = false;
  readonly deadline = Infinity;
  readonly #assembly: Assembly;

  constructor(readonly link: Link, limits: WebSocketLimits) {
    this.#assembly = new Assembly(limits);
  }

  frame(isText: boolean, length: number, final: boolean): void {
    this.#assembly.frame(isText, length, final);
  }

  data(piece: Uint8Array, last: boolean): number {
    const message = this.#assembly.add(piece, last);
    if (message) {
      const opcode = this.#assembly.text ? opcodes.text : opcodes.binary;
      this.link.send(encodeFrame(opcode, message));
    }
    return piece.length;
  }

  deliver(): void {}
  tick(): void {}
  drained(): void {}
  overloaded(): void {}
  shutdown(now: number): void {
    this.link.close(1001, "", now);
  }
  ended(): void {}
}

/** A session that echoes, on a stage. */
export function echo(changes: Partial<WebSocketLimits> = {}): Stage<WebSocketSession> {
  const limits = { ...defaults, ...changes };
  return new Stage((wire, hub, now) =>
    new WebSocketSession(wire, hub, { open: (link) => new EchoMode(link, limits), limits, now })
  );
}

/** The key and its answer from RFC 6455 §1.3. */
export const sample = {
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
};

/** A request that opens a WebSocket; `undefined` removes a field. */
export function request(
  target: string,
  fields: Record<string, string | undefined> = {},
): RequestHead {
  const [path = "", query = ""] = target.split("?");
  const all = {
    "host": "gateway.example",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": sample.key,
    ...fields,
  };
  const entries = Object.entries(all).filter((each): each is [string, string] =>
    each[1] !== undefined
  );
  return { method: "GET", path, query, minor: 1, fields: new Fields(entries) };
}

/** Opens a WebSocket on a stage; what was sent after the 101 is left in `sent`. */
export function connect(
  target: string,
  { subprotocol, space, room = Infinity, ...options }: WebSocketOptions & {
    subprotocol?: string;
    space?: FakeSpace;
    /** With more pieces than this in `sent` the wire is full. */
    room?: number;
  } = {},
): Stage<WebSocketSession> {
  const stage = new Stage((wire, hub, now) => {
    if (wire instanceof Stage) limitRoom(wire, room);
    const head = request(target, { "sec-websocket-protocol": subprotocol });
    const session = websocket(options)(head, wire, hub, now);
    assert(session instanceof WebSocketSession, JSON.stringify(session));
    return session;
  }, space);
  assert.match(new TextDecoder().decode(stage.sent.shift()), /^HTTP\/1\.1 101 /);
  return stage;
}

function limitRoom(stage: Stage, room: number): void {
  const send = stage.send.bind(stage);
  stage.send = (piece) => {
    const accepted = send(piece);
    stage.full ||= stage.sent.length > room;
    return accepted;
  };
}

/** Seeded random numbers: a failure names the seed. */
export function randoms(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * below);
  };
}
