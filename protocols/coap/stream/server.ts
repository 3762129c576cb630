import type { Hub, OpenSession } from "../../session.ts";
import { Transfers } from "../blocks/blockwise.ts";
import { defaults } from "../limits.ts";
import { Answer } from "../messages/answer.ts";
import type { Message } from "../messages/codec.ts";
import { isWanted, readRequest } from "../messages/request.ts";
import { Requests } from "../requests.ts";
import type { StreamLayer } from "./layer.ts";
import type { CoapStreamOptions } from "./options.ts";
import { CoapStreamSession, type Conversation } from "./session.ts";
import { release, type SignalBody } from "./signaling.ts";

/** The server of one stream: answers the requests of its peer. */
class StreamServer implements Conversation {
  readonly goodbye: SignalBody;
  readonly #requests: Requests;

  constructor(
    readonly hub: Hub,
    readonly layer: StreamLayer,
    { goodbye, transfers }: { goodbye: SignalBody; transfers: Transfers },
  ) {
    this.goodbye = goodbye;
    this.#requests = new Requests(hub, layer, transfers);
  }

  get deadline(): number {
    return this.#requests.deadline;
  }

  get mayWait(): boolean {
    return this.#requests.mayWait;
  }

  get isBusy(): boolean {
    return this.#requests.isBusy;
  }

  get isFull(): boolean {
    const { peer, limits } = this.layer;
    // While hooks or handlers are asked, input can wait. Replies may take long: they are refused.
    return this.#requests.lates.size > 0 && peer.replies >= limits.maxRepliesPerPeer;
  }

  receive(message: Message, now: number): void {
    // An answer, though we never sent a request.
    if (message.code >> 5 !== 0) return this.hub.count("coap.ignored");
    const { layer, layer: { peer, wire } } = this;
    const request = readRequest(message, this.#requests.understood);
    if (request instanceof Answer) return layer.respond(message, peer, request);
    const from = { peer, address: peer.address, now };
    const answer = this.#requests.answer(request, from, wire.peer);
    if (answer !== undefined && isWanted(request, answer)) layer.respond(message, peer, answer);
  }

  signal(signal: unknown, now: number): void {
    this.#requests.signal(signal, now);
  }

  tick(now: number): void {
    this.#requests.tick(now);
  }

  drained(now: number): void {
    this.#requests.changes.flush(now);
  }

  shutdown(now: number): void {
    this.#requests.shutdown(now);
  }

  ended(): void {
    this.#requests.end();
  }
}

/**
 * Speaks CoAP over TCP, TLS or anything else that is a stream (RFC 8323), as the server, with
 * Observe and with blocks of any size that both sides take. A client that breaks the rules of the
 * stream is told why, and hung up on. Throws a `TypeError` when the options cannot be said.
 *
 * @example A ping and its pong, after the messages with which both sides begin
 * ```ts
 * import { coapStream, gateway, MemoryTransport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const memory = new MemoryTransport();
 * await hub.listen(memory, coapStream()).ready;
 * const client = memory.connect();
 * await client.write(Uint8Array.of(0x00, 0xe1, 0x01, 0xe2, 0x2a)); // CSM; Ping with token 2a
 * const heard: number[] = [], chunk = new Uint8Array(64);
 * while (!heard.includes(0xe3)) heard.push(...chunk.subarray(0, (await client.read(chunk))!));
 * assert.deepEqual(heard.slice(-3), [0x01, 0xe3, 0x2a]); // Pong with token 2a
 * client.close();
 * ```
 */
export function coapStream(options: CoapStreamOptions = {}): OpenSession {
  const { alternatives, holdOffSeconds, ...set } = options, limits = { ...defaults, ...set };
  const goodbye = release({ alternatives, holdOffSeconds });
  const shared = { goodbye, transfers: new Transfers() };
  const serve = (hub: Hub) => (layer: StreamLayer) => new StreamServer(hub, layer, shared);
  return (wire, hub, now) => new CoapStreamSession(wire, limits, serve(hub), now);
}
