import type { RequestHead } from "../http/messages/message.ts";
import type { Identity } from "../identity.ts";
import type { Hub, Peer } from "../session.ts";
import type { Close } from "./frames/close.ts";
import type { CompressionOptions } from "./frames/extensions.ts";
import type { Refusal } from "./handshake.ts";
import type { WebSocketLimits } from "./limits.ts";

/** An application's handler of one WebSocket. It is called in turns of the connection. */
export interface SocketUser {
  /** True to get messages piece by piece as they come, false to get them whole. */
  readonly wantsPieces: boolean;
  opened(port: SocketPort): void;
  /** A message or a piece of one has come: a view, valid during the call. */
  received(bytes: Uint8Array, isText: boolean, isLast: boolean): void;
  drained(): void;
  /** A Close frame was sent or has come: nothing can be sent any more. */
  closing(close: Close, cause: "peer" | "us" | "fault"): void;
  ended(): void;
}

/** A WebSocket as its handler sees it. May be called from any actor. */
export interface SocketPort {
  /** Bytes that were given to `send` and have not left yet. */
  readonly queuedBytes: number;
  /** Sends a message. The bytes are copied. */
  send(bytes: Uint8Array, isText: boolean): void;
  close(code: number | undefined, reason: string): void;
  /** Sends a Close frame, and hangs up without waiting for the peer's. */
  fail(code: number, reason: string): void;
  pause(): void;
  resume(): void;
}

/** What is known of a WebSocket when it is opened. */
export interface Arrival {
  readonly request: RequestHead;
  readonly params: Readonly<Record<string, string>>;
  readonly peer: Peer;
  readonly identity: Identity;
  /** The subprotocol agreed on, or "". */
  readonly protocol: string;
}

/** The application's handler of all WebSockets of a path. */
export interface SocketRoute {
  /** The subprotocols that it speaks. */
  readonly protocols: readonly string[];
  readonly origins?: readonly string[] | undefined;
  readonly limits?: Partial<WebSocketLimits> | undefined;
  readonly compression?: CompressionOptions | boolean | undefined;
  /** Decides whether to accept, undefined for yes, in a turn of the connection. */
  readonly accept?:
    | ((
      arrival: Arrival,
      hub: Hub,
      decided: (refusal: Refusal | undefined, now: number) => void,
    ) => void)
    | undefined;
  open(arrival: Arrival): SocketUser;
}
