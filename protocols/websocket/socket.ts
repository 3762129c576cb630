import type { Identity } from "../identity.ts";
import type { RequestHead } from "../http/message.ts";
import type { Hub, Peer } from "../session.ts";
import type { Close } from "./close.ts";
import type { CompressionOptions } from "./extensions.ts";
import type { Refusal } from "./handshake.ts";
import type { WebSocketLimits } from "./limits.ts";

/** Whoever has a WebSocket: told of what happens in turns of its connection. */
export interface SocketUser {
  /** True to be given messages piece by piece, as they come. */
  readonly wantsPieces: boolean;
  opened(port: SocketPort): void;
  /** A message, or a piece of one: valid during the call. */
  received(bytes: Uint8Array, isText: boolean, isLast: boolean): void;
  drained(): void;
  /** Goodbye is said; nothing can be sent any more. */
  closing(close: Close, cause: "peer" | "us" | "fault"): void;
  ended(): void;
}

/** A WebSocket as its user sees it. May be called from anywhere. */
export interface SocketPort {
  /** Bytes that were sent and have not left. */
  readonly queuedBytes: number;
  /** Sends a message. The bytes are copied. */
  send(bytes: Uint8Array, isText: boolean): void;
  close(code: number | undefined, reason: string): void;
  /** Hangs up with a reason, without waiting for the peer's. */
  fail(code: number, reason: string): void;
  pause(): void;
  resume(): void;
}

/** What a new WebSocket comes with. */
export interface Arrival {
  readonly request: RequestHead;
  readonly params: Readonly<Record<string, string>>;
  readonly peer: Peer;
  readonly identity: Identity;
  /** The subprotocol agreed on, or "". */
  readonly protocol: string;
}

/** Who gets the WebSockets of a path. */
export interface SocketRoute {
  /** Subprotocols that it speaks. */
  readonly protocols: readonly string[];
  readonly origins?: readonly string[] | undefined;
  readonly limits?: Partial<WebSocketLimits> | undefined;
  readonly compression?: CompressionOptions | boolean | undefined;
  /** Finds out why not; told in a turn of the connection. */
  readonly accept?:
    | ((
      arrival: Arrival,
      hub: Hub,
      decided: (refusal: Refusal | undefined, now: number) => void,
    ) => void)
    | undefined;
  open(arrival: Arrival): SocketUser;
}
