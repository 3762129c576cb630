import { Answer, refusal } from "../messages/answer.ts";
import { Code, tailBytes } from "../messages/codec.ts";
import { withOption } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";

/** The size exponent for several blocks of 1,024 bytes in one message (RFC 8323 §6). */
export const BERT = 7;

/** Bytes of the longest Block and Size options of a message, and of its payload marker. */
const OVERHEAD_BYTES = 5 + 6 + 1;

/** The least room for which several blocks in one message make sense: that for two. */
const MIN_BERT_BYTES = 2048;

/** One block of a body (RFC 7959 §2.2). */
export class Block {
  constructor(
    readonly number: number,
    /** True when more blocks follow. */
    readonly more: boolean,
    /** The size exponent: 0 is 16 bytes, 6 is 1,024, 7 is several times 1,024. */
    readonly szx: number,
  ) {}

  /** Where the block begins in the body. */
  get offset(): number {
    return this.number * this.size;
  }

  /** Bytes of a block, and of the unit that its number counts in. */
  get size(): number {
    return sizeOf(this.szx);
  }

  /** The value of a Block option. */
  encode(): Uint8Array<ArrayBuffer> {
    return uint(this.number * 16 + (this.more ? 8 : 0) + this.szx);
  }
}

/** Bytes of a block by its size exponent. */
export function sizeOf(szx: number): number {
  return 16 << Math.min(szx, 6);
}

/** Reads the value of a Block option. */
export function blockOf(value: number): Block {
  return new Block(value >>> 4, (value & 8) !== 0, value & 7);
}

/** The size exponent of the largest block of at most `bytes`. */
export function szxOf(bytes: number): number {
  let szx = 6;
  while (szx > 0 && sizeOf(szx) > bytes) szx--;
  return szx;
}

/** What decides which part of a body is sent in one message. */
interface Slice {
  /** The block that the peer asks for, if it asks for one. */
  block: Block | undefined;
  /** True when the peer asks how large the body is. */
  asksSize: boolean;
  /** Bytes that options and payload may have. */
  maxBodyBytes: number;
  /** The largest size exponent allowed, and that for a peer that names none. */
  maxSzx: number;
  usualSzx: number;
}

/** The part of an answer to be sent in one message (RFC 7959 §2.4): all of it, if it fits. */
export function sliceOf(answer: Answer, slice: Slice): Answer {
  const { code, options, payload } = answer, { block, maxBodyBytes } = slice;
  if (block === undefined && tailBytes(options, payload) <= maxBodyBytes) return answer;
  if (payload.length === 0) return answer;
  const room = maxBodyBytes - options.length - OVERHEAD_BYTES;
  const isBert = slice.maxSzx === BERT && (block?.szx ?? slice.usualSzx) === BERT &&
    room >= MIN_BERT_BYTES;
  const szx = isBert ? BERT : Math.min(block?.szx ?? 6, slice.maxSzx, szxOf(room));
  const unit = sizeOf(szx), size = isBert ? room - room % unit : unit;
  const offset = block?.offset ?? 0;
  if (offset >= payload.length && offset > 0) {
    return refusal(Code.badRequest, `Cannot send block ${block!.number}: the body ends before it`);
  }
  const end = offset + size, part = payload.subarray(offset, end);
  const found = new Block(offset / unit, end < payload.length, szx);
  let all = withOption(options, Options.block2, found.encode());
  if (offset === 0 || slice.asksSize) all = withOption(all, Options.size2, uint(payload.length));
  return new Answer(code, all, part, answer.isStored);
}
