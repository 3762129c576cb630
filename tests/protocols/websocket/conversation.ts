import assert from "node:assert/strict";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { decodeHeader, type FrameHeader } from "../../../protocols/websocket/frames/codec.ts";
import { opcodes } from "../../../protocols/websocket/frames/codes.ts";
import { WebSocketSession } from "../../../protocols/websocket/session.ts";
import type { SocketPort, SocketUser } from "../../../protocols/websocket/socket.ts";
import { websocket, type WebSocketOptions } from "../../../protocols/websocket/upgrade.ts";
import { FakeSpace, Stage } from "../fakes.ts";
import { frame, lines, request } from "./peer.ts";

/** A user that sends back what it gets, and remembers how it ended. */
export class EchoUser implements SocketUser {
  readonly pieces: string[] = [];
  end = "";
  drains = 0;
  port!: SocketPort;
  constructor(readonly wantsPieces = false) {}
  opened(port: SocketPort): void {
    this.port = port;
  }
  received(bytes: Uint8Array, isText: boolean, isLast: boolean): void {
    if (!this.wantsPieces) return this.port.send(bytes, isText);
    this.pieces.push(`${isText ? "text" : "binary"} ${bytes.length}${isLast ? " last" : ""}`);
  }
  drained(): void {
    this.drains++;
  }
  closing({ code, reason }: { code?: number; reason: string }, cause: string): void {
    this.end ||= `${cause} ${code ?? "-"} ${reason}`.trim();
  }
  ended(): void {
    this.end += ", ended";
  }
}

/** Opens a WebSocket for `user`; the 101 is in `head`. */
export function meet(
  user: SocketUser,
  { offer, path = "/echo", subprotocol, space = new FakeSpace(), ...options }: WebSocketOptions & {
    offer?: string | undefined;
    path?: string;
    subprotocol?: string;
    space?: FakeSpace;
  } = {},
): Stage<WebSocketSession> & { head: string } {
  const { sockets } = space.shared(Handlers);
  sockets.remove("/echo");
  sockets.add("/echo", { protocols: [], open: () => user });
  const stage = new Stage((wire, hub, now) => {
    const head = request(path, {
      "sec-websocket-extensions": offer,
      "sec-websocket-protocol": subprotocol,
    });
    const session = websocket(options)(head, wire, hub, now);
    assert(session instanceof WebSocketSession, JSON.stringify(session));
    return session;
  }, space);
  const head = new TextDecoder().decode(stage.sent.shift());
  return Object.assign(stage, { head });
}

/** What a server answers to frames that come `step` bytes at a time, one line for each frame. */
export function said(frames: readonly Uint8Array[], step: number): string[] {
  const stage = meet(new EchoUser(), { limits: { maxMessageBytes: 16 << 20 } });
  for (const each of frames) {
    if (stage.closed) break;
    stage.feed(each, step);
  }
  // A line of a reason is for people.
  return lines(stage.take()).map((line) => line.replace(/^(close \d+) .*/, "$1"));
}

/** Like `frame`, with any first byte. */
export function rawFrame(
  first: number,
  payload: Uint8Array | string = "",
): Uint8Array<ArrayBuffer> {
  const made = frame(opcodes.text, payload);
  made[0] = first;
  return made;
}

/** The headers and payloads of what a server sent. */
export function frames(sent: Uint8Array): (FrameHeader & { payload: Uint8Array })[] {
  const found = [];
  for (let at = 0; at < sent.length;) {
    const header = decodeHeader(sent, at, false, true);
    assert(header);
    const payload = sent.subarray(at + header.size, at += header.size + header.length);
    found.push({ ...header, payload });
  }
  return found;
}

/** The code of what `work` throws. */
export function codeOf(work: () => unknown): number | undefined {
  try {
    work();
  } catch (error) {
    assert(error instanceof ProtocolError, String(error));
    return error.code;
  }
}
