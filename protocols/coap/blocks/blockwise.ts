import { PeerTable, Total } from "../exchange/peer_table.ts";
import type { CoapLimits } from "../limits.ts";
import { Answer, bytesOf, refusal } from "../messages/answer.ts";
import { ACK, Code, Message, NONE, readTail, tailBytes } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import { encodeOptions, Option, withOption } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { Assembly } from "./assembly.ts";
import { BERT, Block, blockOf, sliceOf, szxOf } from "./block.ts";

/** How the answer to a request is to be cut into blocks, and how these are found again. */
export interface Shape {
  block1: number | undefined;
  block2: number | undefined;
  asksSize: boolean;
  /** What the requests for all blocks have in common. */
  key(): string;
}

/** The bodies on their way in blocks, of all sessions that share their limits. */
export class Transfers {
  readonly received: Total = new Total();
  readonly sent: Total = new Total();
}

/**
 * 5 s after which a client for whose body there was no room may try again: some have ended then.
 */
const RETRY_SECONDS = 5;

/** The server's half of block-wise transfer (RFC 7959), for one socket or stream. */
export class Blockwise {
  readonly #assemblies: PeerTable<Assembly>;
  /** Answers that cannot be made again, or only at some cost, while their blocks are fetched. */
  readonly #kept: PeerTable<Answer>;

  constructor(
    readonly limits: CoapLimits,
    readonly composer: Composer,
    transfers: Transfers = new Transfers(),
  ) {
    // A body that grows has room for twice as much.
    const oneBytes = 2 * limits.maxPayloadBytes;
    const maxBytesPerPeer = Math.max(limits.maxTransferBytesPerPeer, oneBytes);
    const bounds = {
      maxEntries: limits.maxTransfers,
      maxBytes: Math.max(limits.maxTransferBytes, oneBytes),
      maxEntriesPerPeer: limits.maxTransfersPerPeer,
      maxBytesPerPeer,
      maxEntriesPerAddress: limits.maxTransfersPerAddress,
      maxBytesPerAddress: Math.max(limits.maxTransferBytesPerAddress, maxBytesPerPeer),
      lifetimeMs: limits.transferLifetimeMs,
    };
    this.#assemblies = new PeerTable(bounds, transfers.received);
    this.#kept = new PeerTable(bounds, transfers.sent);
  }

  /** How many bodies are being received, and answers sent. */
  get size(): number {
    return this.#assemblies.size + this.#kept.size;
  }

  get deadline(): number {
    return Math.min(this.#assemblies.deadline, this.#kept.deadline);
  }

  tick(now: number): void {
    this.#assemblies.tick(now);
    this.#kept.tick(now);
  }

  end(): void {
    this.#assemblies.clear();
    this.#kept.clear();
  }

  /**
   * Takes a block of a request (RFC 7959 §2.5). Undefined once the body is whole: it is the payload
   * of the request then, which can be carried out.
   */
  receive(request: Request, peer: string, now: number): Answer | undefined {
    const { maxPayloadBytes } = this.limits, { payload } = request;
    if (request.block1 === undefined) {
      return payload.length > maxPayloadBytes ? tooLarge(maxPayloadBytes) : undefined;
    }
    const block = blockOf(request.block1), { offset, more } = block, end = offset + payload.length;
    if (block.szx === BERT && this.composer.maxSzx !== BERT) {
      return refusal(Code.badRequest, "Cannot use block size 7: it is for CoAP over TCP");
    }
    if (!isRightLength(payload.length, block)) {
      return refusal(
        Code.badRequest,
        `Cannot use ${payload.length} bytes as a block of ${block.size}`,
      );
    }
    const key = request.key();
    if (Math.max(end, request.size1 ?? 0) > maxPayloadBytes) {
      this.#assemblies.delete(peer, key);
      return tooLarge(maxPayloadBytes);
    }
    if (offset === 0 && !more) {
      this.#assemblies.delete(peer, key);
      return undefined;
    }
    const assembly = offset === 0 ? new Assembly() : this.#assemblies.get(peer, key);
    // The latest block once more, under another message id: it is there already.
    if (assembly !== undefined && more && end === assembly.size && offset > 0) {
      return this.#next(block);
    }
    if (assembly === undefined || assembly.size !== offset) {
      this.#assemblies.delete(peer, key);
      return refusal(Code.incomplete, `Cannot use block ${block.number}: one before it is missing`);
    }
    assembly.append(payload);
    if (more) {
      const room = { bytes: assembly.capacity, now };
      return this.#assemblies.put(peer, key, assembly, room) ? this.#next(block) : noRoom();
    }
    this.#assemblies.delete(peer, key);
    request.take(assembly.take());
    return undefined;
  }

  /**
   * The answer whose next block a request asks for; or 4.08, when it is not kept any more and
   * cannot be made again (RFC 7959 §2.7). Undefined when the request is to be carried out.
   */
  rest(request: Request, peer: string, now: number): Answer | undefined {
    if (request.block2 === undefined || request.block2 >> 4 === 0) return undefined;
    const { code } = request.message, key = request.key(), kept = this.#kept.get(peer, key);
    if (kept !== undefined) {
      this.#kept.put(peer, key, kept, { bytes: bytesOf(kept), now });
      return kept;
    }
    if (code === Code.get || code === Code.fetch) return undefined;
    return refusal(Code.incomplete, "Cannot send the rest of an answer that is not here any more");
  }

  /**
   * The block of an answer that is sent, or all of it, with the Block options of both directions.
   */
  finish(answer: Answer, shape: Shape, peer: string, now: number): Answer {
    const { block1, block2 } = shape;
    const fits = tailBytes(answer.options, answer.payload) <= this.composer.maxBodyBytes;
    if (fits && block1 === undefined && block2 === undefined) return answer;
    let out = answer;
    if (answer.code < Code.badRequest) {
      const block = block2 === undefined ? undefined : blockOf(block2);
      out = this.part(answer, block, shape.asksSize);
      if (!answer.isStored && out !== answer) this.#keep(answer, out, shape, { peer, now });
    }
    if (block1 === undefined || out.code === Code.continue || out.code === Code.tooLarge) {
      return out;
    }
    const { number, szx } = blockOf(block1), option = new Block(number, false, szx).encode();
    const options = withOption(out.options, Options.block1, option);
    return new Answer(out.code, options, out.payload, out.isStored);
  }

  /**
   * The first block of a notification. Its rest is kept, in place of earlier ones, to be fetched.
   */
  notify(answer: Answer, shape: Shape, peer: string, now: number): Answer {
    const { block2, asksSize } = shape, key = shape.key();
    this.#kept.delete(peer, key);
    // Block1 was for the first answer: notifications do not repeat it.
    return this.finish(answer, { block1: undefined, block2, asksSize, key: () => key }, peer, now);
  }

  /** The block of an answer that is asked for, or the first. */
  part(answer: Answer, block: Block | undefined, asksSize = false): Answer {
    const { maxBodyBytes, usualSzx } = this.composer;
    return sliceOf(answer, { block, asksSize, maxBodyBytes, maxSzx: this.#maxSzx, usualSzx });
  }

  #keep(
    answer: Answer,
    part: Answer,
    shape: Shape,
    { peer, now }: { peer: string; now: number },
  ): void {
    const isFirst = shape.block2 === undefined || shape.block2 >> 4 === 0;
    if (!isFirst || part.payload.length === answer.payload.length) return;
    this.#kept.put(peer, shape.key(), unobserved(answer), { bytes: bytesOf(answer), now });
  }

  /** 2.31 (Continue), which also says how large further blocks should be. */
  #next({ number, szx }: Block): Answer {
    const option = new Block(number, true, Math.min(szx, this.#maxSzx)).encode();
    return new Answer(Code.continue, withOption(NONE, Options.block1, option));
  }

  /** The largest size exponent. In a stream, blocks may be as large as a message. */
  get #maxSzx(): number {
    return this.composer.maxSzx === BERT ? BERT : szxOf(this.limits.maxBlockBytes);
  }
}

/** True when a block is full or, if it is the last, not too long. */
function isRightLength(length: number, { szx, size, more }: Block): boolean {
  if (szx === BERT) return !more || (length % size === 0 && length > 0);
  return more ? length === size : length <= size;
}

/** How a later answer to this request is to be cut. */
export function shapeOf(request: Request): Shape {
  const { block1, block2, asksSize } = request, key = request.key();
  return { block1, block2, asksSize, key: () => key };
}

/** The answer without Observe: blocks that are fetched are no notifications (RFC 7959 §3.4). */
function unobserved(answer: Answer): Answer {
  const { code, payload } = answer, message = new Message(ACK, code, 0);
  readTail(message, answer.options, 0, Infinity);
  const options = message.options.filter(({ number }) => number !== Options.observe);
  return options.length === message.options.length
    ? answer
    : new Answer(code, encodeOptions(options), payload);
}

function tooLarge(maxBytes: number): Answer {
  return refusal(
    Code.tooLarge,
    `Cannot take more than ${maxBytes} bytes`,
    [new Option(Options.size1, uint(maxBytes))],
  );
}

function noRoom(): Answer {
  const maxAge = new Option(Options.maxAge, uint(RETRY_SECONDS));
  return refusal(Code.unavailable, "Too many bodies are being sent already", [maxAge]);
}
