import type { MessageSocket } from "./message_socket.ts";

/**
 * The events of a WebSocket, by their names.
 *
 * @example A listener that knows the type of its event
 * ```ts
 * import type { SocketEvents } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function lengthOf({ data }: SocketEvents["message"]): number {
 *   return typeof data === "string" ? data.length : data instanceof Blob ? data.size : data.byteLength;
 * }
 *
 * assert.equal(lengthOf(new MessageEvent("message", { data: "four" })), 4);
 * ```
 */
export interface SocketEvents {
  /** The socket is open. This is the first event. */
  open: Event;
  /** A message came: text as a string, bytes as `binaryType` says. */
  message: MessageEvent<string | ArrayBuffer | Blob>;
  /** A piece of a message came, with the option `fragments`. */
  fragment: FragmentEvent;
  /** What has been sent has left, after more was sent than the network took at once. */
  drained: Event;
  /** The other end broke the protocol, or went without closing. `close` follows. */
  error: Event;
  /** The socket is closed. This is the last event. */
  close: CloseEvent;
}

/**
 * A piece of a message, as it came over the network.
 *
 * @example Counting what passes by
 * ```ts
 * import { FragmentEvent } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const event = new FragmentEvent(Uint8Array.of(1, 2), { isText: false, isLast: true });
 * assert.equal(event.data.length, 2);
 * assert.ok(event.isLast);
 * ```
 */
export class FragmentEvent extends Event {
  /** True when the message is text: the pieces together are UTF-8, one alone may not be. */
  readonly isText: boolean;
  /** True when the message ends with this piece. */
  readonly isLast: boolean;

  /** Makes the event of one piece. */
  constructor(
    /** The bytes. */
    readonly data: Uint8Array<ArrayBuffer>,
    { isText, isLast }: { isText: boolean; isLast: boolean },
  ) {
    super("fragment");
    this.isText = isText;
    this.isLast = isLast;
  }
}

/** Called with an event; what it throws is a crash of the socket's own actor. */
type Listener = (event: Event) => unknown;

interface Registered {
  readonly type: string;
  readonly listener: Listener | { handleEvent: Listener };
  readonly once: boolean;
}

/** Who listens to one socket. Not an `EventTarget`, which would keep what listeners throw to itself. */
export class Listeners {
  #all: Registered[] = [];

  add(
    type: string,
    listener: Registered["listener"] | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    if (listener === null) return;
    const { once = false, signal } = typeof options === "object" ? options : {};
    if (signal?.aborted) return;
    this.remove(type, listener);
    this.#all = [...this.#all, { type, listener, once }];
    signal?.addEventListener("abort", () => this.remove(type, listener), { once: true });
  }

  remove(type: string, listener: Registered["listener"] | null): void {
    this.#all = this.#all.filter((each) => each.type !== type || each.listener !== listener);
  }

  /** True when somebody listens to this type. */
  has(type: string): boolean {
    return this.#all.some((each) => each.type === type);
  }

  /** Calls all for this event, in the order in which they were added. */
  call(event: Event, on: Listener | null, watch: (result: unknown) => void): void {
    if (on !== null) watch(on(event));
    for (const each of this.#all) {
      if (each.type !== event.type) continue;
      if (each.once) this.#all = this.#all.filter((other) => other !== each);
      const { listener } = each;
      watch(typeof listener === "function" ? listener(event) : listener.handleEvent(event));
    }
  }
}

/** Gives an event its target, which the DOM would do for one that it dispatches. */
export function aimed<E extends Event>(event: E, socket: MessageSocket): E {
  Object.defineProperty(event, "target", { value: socket });
  return event;
}

/** A message with its target: a class, since `defineProperty` for each message would cost more. */
export class SocketMessage extends MessageEvent<string | ArrayBuffer | Blob> {
  readonly #socket: MessageSocket;

  constructor(data: string | ArrayBuffer | Blob, socket: MessageSocket) {
    super("message", { data });
    this.#socket = socket;
  }

  override get target(): EventTarget {
    return this.#socket as unknown as EventTarget;
  }

  override get currentTarget(): EventTarget {
    return this.target;
  }
}
