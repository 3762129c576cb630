import { ProtocolError } from "../../session.ts";
import { Assembly } from "../blocks/assembly.ts";
import { Block, blockOf, sizeOf } from "../blocks/block.ts";
import { Code, Message, NONE } from "../messages/codec.ts";
import { Option } from "../messages/option_bytes.ts";
import { isCritical, Options, ruleOf, uint, uintOf } from "../messages/options.ts";
import { sameBytes } from "../topics/representation.ts";

/** The size exponent of the largest blocks of datagrams, of 1,024 bytes (RFC 7959 §2.2). */
const MAX_SZX = 6;

/** What a client asks for; `options` in rising order, and without Block options. */
export interface Asked {
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
}

/** How a client wants to transfer bodies. */
export interface TransferOptions {
  /** The size exponent of blocks that the client prefers; default 6, for 1,024 bytes. */
  szx?: number;
  /** The longest answer, in bytes. */
  maxBytes: number;
  /** The code of the method. */
  code?: number;
}

/**
 * A request of a client and its answer, each in as many blocks as it needs (RFC 7959): `next` is
 * the message to send, and the answer to each message is passed to `take`.
 */
export class BodyTransfer {
  #szx: number;
  /** Bytes of the request that the server has. */
  #sent = 0;
  #answer: Assembly | undefined;
  #etag: Uint8Array | undefined;
  /** True when the request was begun anew, which is done once. */
  #isRepeated = false;
  /** The options asked for, with a Request-Tag where the request takes several messages. */
  #options: readonly Option[];

  constructor(
    readonly asked: Asked,
    readonly options: TransferOptions,
    /** Makes a Request-Tag that no other body has (RFC 9175 §3.3). */
    readonly newTag: () => Uint8Array,
  ) {
    this.#szx = options.szx ?? MAX_SZX;
    this.#options = asked.options;
  }

  /** Options and payload of the next message. */
  next(): Asked {
    if (this.#answer !== undefined) return this.#nextOfAnswer(this.#answer);
    const { payload } = this.asked;
    if (payload.length > sizeOf(this.#szx)) return this.#nextOfRequest();
    // For blocks of the largest size there is nothing to ask for.
    if (this.#szx === MAX_SZX) return this.asked;
    const wish = new Block(0, false, this.#szx);
    return { options: joined(this.#options, new Option(Options.block2, wish.encode())), payload };
  }

  /** Asks for the next block of the answer. */
  #nextOfAnswer(answer: Assembly): Asked {
    const block = new Block(answer.size / sizeOf(this.#szx), false, this.#szx);
    // Only the first message registers an observer (RFC 7959 §3.4).
    const rest = this.#options.filter(({ number }) => number !== Options.observe);
    // Of a FETCH, the payload is part of the cache key (RFC 8132 §2).
    const isNamed = this.options.code === Code.fetch && this.#sent === 0;
    return {
      options: joined(rest, new Option(Options.block2, block.encode())),
      payload: isNamed ? this.asked.payload : NONE,
    };
  }

  /** The next block of the request. */
  #nextOfRequest(): Asked {
    const { payload } = this.asked;
    if (this.#sent === 0) this.#name();
    const size = sizeOf(this.#szx), end = this.#sent + size;
    const block = new Block(this.#sent / size, end < payload.length, this.#szx);
    let options = joined(this.#options, new Option(Options.block1, block.encode()));
    if (this.#sent === 0) {
      options = joined(options, new Option(Options.size1, uint(payload.length)));
    }
    return { options, payload: payload.subarray(this.#sent, end) };
  }

  /** Takes the answer to the last message. Returns the whole answer once no more is to be sent. */
  take(answer: Message): Message | undefined {
    const stranger = answer.options.find(({ number }) => isCritical(number) && !ruleOf(number));
    if (stranger !== undefined) throw fault(`option ${stranger.number} is not understood`);
    if (answer.payload.length > this.options.maxBytes) throw tooLong(this.options.maxBytes);
    const block1 = blockIn(answer, Options.block1), block2 = blockIn(answer, Options.block2);
    if (answer.code === Code.continue) return this.#goOn(block1);
    if (answer.code === Code.tooLarge && this.#sent === 0 && block1 && block1.szx < this.#szx) {
      this.#szx = block1.szx;
      return undefined;
    }
    if (answer.code === Code.incomplete && this.#sent > 0 && !this.#isRepeated) {
      // The server has lost the blocks that it had, and has done nothing (RFC 7959 §2.9.2).
      this.#isRepeated = true;
      this.#sent = 0;
      return undefined;
    }
    if (answer.code >= Code.badRequest || block2 === undefined) return answer;
    return this.#receive(answer, block2);
  }

  /** Adds a Request-Tag, which tells this body's blocks from those of others for the resource. */
  #name(): void {
    const { options } = this.asked;
    if (options.some(({ number }) => number === Options.requestTag)) return;
    this.#options = joined(options, new Option(Options.requestTag, this.newTag()));
  }

  #goOn(block: Block | undefined): undefined {
    if (block === undefined) throw fault("2.31 names no block");
    this.#sent += sizeOf(this.#szx);
    this.#szx = Math.min(this.#szx, block.szx);
    if (this.#sent >= this.asked.payload.length) throw fault("2.31 follows the last block");
    return undefined;
  }

  #receive(answer: Message, block: Block): Message | undefined {
    const etag = answer.options.find(({ number }) => number === Options.etag)?.value ?? NONE;
    const { payload, options } = answer, { maxBytes } = this.options;
    let body = this.#answer ??= new Assembly();
    if (this.#etag !== undefined && !sameBytes(etag, this.#etag)) {
      // Another version of the resource: the blocks of the one before are of no use (RFC 7959
      // §2.4).
      body = this.#answer = new Assembly();
      this.#etag = undefined;
      if (block.number > 0) return undefined;
    }
    if (block.offset !== body.size) throw fault(`block ${block.number} does not follow`);
    if (body.size + payload.length > maxBytes) throw tooLong(maxBytes);
    if (block.more && (payload.length === 0 || payload.length % block.size !== 0)) {
      throw fault(`block ${block.number} is not full`);
    }
    this.#etag ??= etag.slice();
    this.#szx = block.szx;
    body.append(payload);
    if (block.more) return undefined;
    const { type, code, id, token } = answer;
    return new Message(type, code, id, token, options, body.take());
  }
}

function blockIn({ options }: Message, number: number): Block | undefined {
  const found = options.find((option) => option.number === number);
  return found && blockOf(uintOf(found.value));
}

/** Options with one more among them, in rising order. */
function joined(options: readonly Option[], option: Option): Option[] {
  const before = options.filter(({ number }) => number < option.number);
  const after = options.filter(({ number }) => number > option.number);
  return [...before, option, ...after];
}

function tooLong(maxBytes: number): ProtocolError {
  return fault(`it has more than ${maxBytes} bytes`);
}

function fault(reason: string): ProtocolError {
  return new ProtocolError(`Cannot use the answer: ${reason}`, Code.badRequest);
}
