import { Buffer } from "node:buffer";
import type { Close } from "../../protocols/websocket/frames/close.ts";
import type { SocketPort } from "../../protocols/websocket/socket.ts";
import type { Self } from "../actor.ts";
import { crash } from "../crash.ts";
import type { RouteInfo } from "./handler.ts";
import { bytesOf, copy, isSendable } from "./socket_data.ts";
import {
  aimed,
  FragmentEvent,
  Listeners,
  type SocketEvents,
  SocketMessage,
} from "./socket_events.ts";

/** Longer text is turned into bytes of its own instead of going through this. */
const scratch = new Uint8Array(16 * 1024);
const encoder = new TextEncoder();
/** Codes that never travel: for a goodbye without a code, and for none at all (RFC 6455 §7.4.1). */
const NO_CODE = 1005, ABNORMAL = 1006;
/** A control frame has 125 bytes, and two of them are the code (RFC 6455 §5.5). */
const MAX_REASON_BYTES = 123;

/** What a socket is made with. */
interface SocketOrigin {
  readonly url: string;
  readonly protocol?: string;
  /** True to be given messages piece by piece. */
  readonly wantsPieces: boolean;
  readonly info: RouteInfo;
  request(): Request;
  /** Starts the socket's actor. */
  start(socket: MessageSocket): Self<never> | undefined;
  /** Opens it no more. */
  cancel?(): void;
}

/**
 * One WebSocket, with the events and methods of the standard `WebSocket`, and the event `drained`.
 *
 * Each is an actor: if one of its listeners throws, or its promise rejects, this socket is closed
 * with 1011, and nothing else is. A peer that does not read is not read from either.
 *
 * @example Echo
 * ```ts
 * import { gateway, http, type MessageSocket, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function echo(socket: MessageSocket): void {
 *   socket.onmessage = ({ data }) => socket.send(data);
 * }
 *
 * await using hub = gateway();
 * hub.websocket("/echo", echo);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const client = new WebSocket(`ws://127.0.0.1:${port}/echo`);
 * client.onopen = () => client.send("hello");
 * assert.equal(await new Promise((heard) => client.onmessage = ({ data }) => heard(data)), "hello");
 * client.close();
 * ```
 */
export class MessageSocket {
  /**
   * 0 before it is open, 1 while it is, 2 once one end has begun to close it, 3 once it is closed.
   */
  readyState: 0 | 1 | 2 | 3 = 0;
  /** What binary messages come as; default `arraybuffer`, where browsers have `blob`. */
  binaryType: "arraybuffer" | "blob" = "arraybuffer";
  /** Called when it is open. */
  onopen: ((event: SocketEvents["open"]) => unknown) | null = null;
  /** Called with each message. */
  onmessage: ((event: SocketEvents["message"]) => unknown) | null = null;
  /** Called with each piece of a message, in place of `onmessage`, with the option `fragments`. */
  onfragment: ((event: SocketEvents["fragment"]) => unknown) | null = null;
  /** Called when what has been sent has left, after more was sent than the network took at once. */
  ondrained: ((event: SocketEvents["drained"]) => unknown) | null = null;
  /**
   * Called when the other end broke the protocol, or went without closing; then comes `onclose`.
   */
  onerror: ((event: SocketEvents["error"]) => unknown) | null = null;
  /** Called when it is closed, with the code and the reason. */
  onclose: ((event: SocketEvents["close"]) => unknown) | null = null;
  readonly #origin: SocketOrigin;
  readonly #listeners = new Listeners();
  #protocol: string;
  #paused = false;
  #self: Self<never> | undefined;
  #port: SocketPort | undefined;
  #request: Request | undefined;
  #close: { code: number; reason: string; wasClean: boolean } | undefined;
  #event: Event | undefined;
  readonly #turn = () => this.#dispatch(this.#event!);

  /** @ignore */
  constructor(origin: SocketOrigin) {
    this.#origin = origin;
    this.#protocol = origin.protocol ?? "";
  }

  /** The URL at which it was opened, such as `ws://host/path?query`. */
  get url(): string {
    return this.#origin.url;
  }

  /** The subprotocol that both ends agreed on; "" for none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The request that opened it. */
  get request(): Request {
    return this.#request ??= this.#origin.request();
  }

  /** Where the client comes from, who it is, and the named groups of the path. */
  get info(): RouteInfo {
    return this.#origin.info;
  }

  /** Bytes that were sent and that the network has not taken yet. */
  get bufferedAmount(): number {
    return this.#port?.queuedBytes ?? 0;
  }

  /**
   * Sends a message: a string as text, bytes as a binary message, copied at once. Does nothing once
   * the socket is closing. When more than 64 MiB wait for a peer that does not read, the socket is
   * closed with 1013.
   *
   * @throws {DOMException} `InvalidStateError` while it is not open yet.
   * @throws {TypeError} For a `Blob`, which cannot be read at once.
   */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
    if (this.readyState === 0) {
      throw new DOMException("Cannot send: the WebSocket is not open yet", "InvalidStateError");
    }
    if (this.readyState !== 1) return;
    const port = this.#port!;
    if (typeof data === "string") {
      // A character takes three bytes at most.
      if (data.length * 3 > scratch.length) return port.send(encoder.encode(data), true);
      const { written } = encoder.encodeInto(data, scratch);
      return port.send(scratch.subarray(0, written), true);
    }
    if (data instanceof Blob) throw new TypeError("Cannot send a Blob: give text or bytes");
    port.send(bytesOf(data), false);
  }

  /**
   * Closes the socket: says goodbye, and ends once the other end has answered. Does nothing when it
   * is closing already.
   *
   * @throws {DOMException} `InvalidAccessError` for a code that may not be sent, `SyntaxError` for a
   * reason of more than 123 bytes.
   */
  close(code?: number, reason = ""): void {
    if (code !== undefined && !isSendable(code)) {
      throw new DOMException(
        `Cannot close with code ${code}: give 1000 to 1014, or 3000 to 4999`,
        "InvalidAccessError",
      );
    }
    const { length } = encoder.encode(reason);
    if (length > MAX_REASON_BYTES) {
      throw new DOMException(
        `Cannot close: the reason has more than ${MAX_REASON_BYTES} bytes: it has ${length}`,
        "SyntaxError",
      );
    }
    if (this.readyState > 1) return;
    const { readyState } = this;
    this.readyState = 2;
    if (readyState === 0) return this.#origin.cancel?.();
    this.#port?.close(code ?? (reason ? 1000 : undefined), reason);
  }

  /** Reads nothing more until `resume`, so that the other end must keep what it wants to send. */
  pause(): void {
    this.#paused = true;
    this.#port?.pause();
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#paused = false;
    this.#port?.resume();
  }

  /** Has `listener` called for each event of a type, until it is removed or its `signal` aborts. */
  addEventListener<Type extends keyof SocketEvents>(
    type: Type,
    listener: ((event: SocketEvents[Type]) => unknown) | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#listeners.add(type, listener as (event: Event) => unknown, options);
  }

  /** Stops calling `listener` for events of a type. */
  removeEventListener<Type extends keyof SocketEvents>(
    type: Type,
    listener: ((event: SocketEvents[Type]) => unknown) | null,
  ): void {
    this.#listeners.remove(type, listener as (event: Event) => unknown);
  }

  // --- what its connection tells it ---

  /** @ignore */
  get wantsPieces(): boolean {
    return this.#origin.wantsPieces;
  }

  /** @ignore */
  opened(port: SocketPort): void {
    this.#port = port;
    this.readyState = 1;
    if (this.#paused) port.pause();
    this.#self = this.#origin.start(this);
    this.#happen(new Event("open"));
  }

  /** @ignore */
  agreed(protocol: string): void {
    this.#protocol = protocol;
  }

  /** @ignore */
  failed(error: Error): void {
    this.#self ??= this.#origin.start(this);
    this.readyState = 2;
    this.closing({ code: ABNORMAL, reason: error.message }, "fault");
    this.ended();
  }

  /** @ignore */
  received(bytes: Uint8Array, isText: boolean, isLast: boolean): void {
    if (this.readyState !== 1) return;
    if (this.#origin.wantsPieces) {
      return this.#happen(new FragmentEvent(copy(bytes), { isText, isLast }));
    }
    // Not `TextDecoder`, which would drop a byte order mark.
    const data = isText
      ? Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length)
      : this.binaryType === "blob"
      ? new Blob([copy(bytes)])
      : copy(bytes).buffer;
    this.#event = new SocketMessage(data, this);
    this.#self?.turn(this.#turn);
  }

  /** @ignore */
  drained(): void {
    if (this.ondrained === null && !this.#listeners.has("drained")) return;
    this.#happen(new Event("drained"));
  }

  /** @ignore */
  closing({ code = NO_CODE, reason }: Close, cause: "peer" | "us" | "fault"): void {
    if (this.readyState < 2) this.readyState = 2;
    if (cause === "us") return;
    this.#close ??= { code, reason, wasClean: cause === "peer" };
    if (cause === "fault") this.#happen(new ErrorEvent("error", { message: reason }));
  }

  /** @ignore */
  ended(): void {
    if (this.readyState < 2) this.#happen(new ErrorEvent("error", { message: "The peer is gone" }));
    this.readyState = 3;
    const close = this.#close ?? { code: ABNORMAL, reason: "", wasClean: false };
    this.#happen(new CloseEvent("close", close));
    this.#self?.stop();
    this.#port = undefined;
  }

  /** @ignore */
  abandon(code: number, reason: string): void {
    this.#port?.fail(code, reason);
  }

  #happen(event: Event): void {
    aimed(event, this);
    this.#self?.turn(() => this.#dispatch(event));
  }

  #dispatch(event: Event): void {
    const on = this[`on${event.type}` as "onopen"] as ((event: Event) => unknown) | null;
    this.#listeners.call(event, on, (result) => this.watch(result));
  }

  /** @ignore A rejection is as bad as a throw. */
  watch(result: unknown): void {
    if (!(result instanceof Promise)) return;
    result.catch((error) => this.#self && crash(this.#self, error));
  }
}
