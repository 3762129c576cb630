import type { Due } from "../../deadlines.ts";
import { ProtocolError } from "../../session.ts";
import { Answer } from "../messages/answer.ts";
import { Code, decode, type Message, NON } from "../messages/codec.ts";
import { isRead, readRequest, type Request } from "../messages/request.ts";
import type { Exchange } from "./exchange.ts";

/** Classes 4 and 5 as bits of No-Response (RFC 7967 §2.1): a group is not answered with errors. */
const ERRORS = 1 << 3 | 1 << 4;

/** Requests to a multicast group, each of which waits for a random time (RFC 7252 §8.2). */
export class GroupRequests {
  readonly #waiting = new Set<GroupRequest>();

  /** `answer` carries a request out, and sends the answer unless it is an error. */
  constructor(
    readonly exchange: Exchange,
    readonly answer: (request: Request, from: string, now: number) => void,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** Takes a datagram; false when it is to be ignored, as faulty ones are here (RFC 7252 §8.1). */
  receive(bytes: Uint8Array, from: string, now: number): boolean {
    const { limits, deadlines, random } = this.exchange;
    // Many servers answer at once, which an address that was not verified must not be exposed to.
    if (this.size >= limits.maxGroupRequests || !this.exchange.trusts(from)) return false;
    const request = read(bytes.slice(), limits.maxOptions);
    if (request === undefined) return false;
    request.noResponse |= ERRORS;
    const waiting = new GroupRequest(this, request, from);
    this.#waiting.add(waiting);
    deadlines.set(waiting, now + random() * limits.leisureMs);
    return true;
  }

  finish(waiting: GroupRequest): void {
    this.#waiting.delete(waiting);
    this.exchange.deadlines.delete(waiting);
  }

  /** Forgets all requests that wait. */
  end(): void {
    for (const each of this.#waiting) this.finish(each);
  }
}

class GroupRequest implements Due {
  dueAt = Infinity;
  place = -1;

  constructor(readonly all: GroupRequests, readonly request: Request, readonly from: string) {}

  due(now: number): void {
    this.all.finish(this);
    this.all.answer(this.request, this.from, now);
  }
}

/** Reads a request that may be answered: non-confirmable, and one that changes nothing. */
function read(bytes: Uint8Array, maxOptions: number): Request | undefined {
  let message: Message;
  try {
    message = decode(bytes, maxOptions);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
  const { type, code } = message;
  if (type !== NON || code >> 5 !== 0 || code === Code.empty) return undefined;
  const request = readRequest(message);
  return request instanceof Answer || !isRead(request) ? undefined : request;
}
