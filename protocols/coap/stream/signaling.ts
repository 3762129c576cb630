import { ProtocolError } from "../../session.ts";
import type { Answer } from "../messages/answer.ts";
import { type Message, NONE } from "../messages/codec.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { isCritical, uint, uintOf } from "../messages/options.ts";
import { Signal } from "./codec.ts";

/** Options and payload of a signal. */
export type SignalBody = Pick<Answer, "options" | "payload">;

/** Option numbers of CSM (RFC 8323 §5.3). Each signal has numbers of its own (§5.2). */
const MAX_MESSAGE_SIZE = 2, BLOCK_WISE = 4;
/** Those of Ping and Pong (§5.4), Release (§5.5) and Abort (§5.6). */
const CUSTODY = 2, ALTERNATIVE_ADDRESS = 2, HOLD_OFF = 4, BAD_CSM_OPTION = 2;

/** Bytes of the longest message before the peer names another number (RFC 8323 §5.3.1). */
const BASE_MESSAGE_BYTES = 1152;

/** 64 bytes: an answer hardly fits into fewer, with its token, ETag, format and a block. */
const MIN_MESSAGE_BYTES = 64;

/** The longest address and time that the options of Release have room for. */
const MAX_ADDRESS_BYTES = 255, MAX_HOLD_OFF_SECONDS = 0xffffff;

const utf8 = new TextEncoder();

/** The error for a signal that cannot be obeyed, which ends the connection. */
export class SignalError extends ProtocolError {
  constructor(reason: string, /** Of a CSM (RFC 8323 §5.6). */ readonly badOption?: number) {
    super(reason, Signal.abort);
  }
}

/** Where clients may go instead, and when they may come back (RFC 8323 §5.5). */
interface Release {
  /** Hosts, each with its port where that is not the usual one. */
  alternatives?: readonly string[] | undefined;
  /** Seconds in which clients should not come back. */
  holdOffSeconds?: number | undefined;
}

/** What the peer of a stream takes, by all CSMs that it has sent (RFC 8323 §5.3). */
export class Capabilities {
  maxMessageBytes = BASE_MESSAGE_BYTES;
  #isBlockwise = false;

  /** True for blocks of several times 1,024 bytes (RFC 8323 §5.3.2, §6). */
  get takesBert(): boolean {
    return this.#isBlockwise && this.maxMessageBytes > BASE_MESSAGE_BYTES;
  }

  /** Takes what a CSM adds. Throws a `SignalError` when it cannot be obeyed. */
  add(csm: Message): void {
    const bytes = valueOf(csm, MAX_MESSAGE_SIZE);
    // An option that is too long counts as unknown (RFC 7252 §5.4.3).
    if (bytes !== undefined && bytes.length <= 4) this.#limitTo(uintOf(bytes));
    if (valueOf(csm, BLOCK_WISE) !== undefined) this.#isBlockwise = true;
  }

  #limitTo(bytes: number): void {
    if (bytes < MIN_MESSAGE_BYTES) {
      throw new SignalError(
        `Cannot answer in ${bytes} bytes: ${MIN_MESSAGE_BYTES} are needed`,
        MAX_MESSAGE_SIZE,
      );
    }
    this.maxMessageBytes = bytes;
  }
}

/** Throws a `SignalError` for a critical option, because none is defined (RFC 8323 §5.2). */
export function checkOptions({ code, options }: Message): void {
  const stranger = options.find(({ number }) => isCritical(number))?.number;
  if (stranger === undefined) return;
  const reason = `Option ${stranger} of a signal is not understood`;
  throw new SignalError(reason, code === Signal.csm ? stranger : undefined);
}

/** True for a Ping whose Pong has to wait until all before it has been done (RFC 8323 §5.4.1). */
export function asksForCustody(ping: Message): boolean {
  return valueOf(ping, CUSTODY) !== undefined;
}

/** Our CSM: we take messages of up to so many bytes, and blocks. */
export function csm(maxMessageBytes: number): SignalBody {
  return bodyOf([
    new Option(MAX_MESSAGE_SIZE, uint(maxMessageBytes)),
    new Option(BLOCK_WISE, NONE),
  ]);
}

/** A Ping. */
export function ping(): SignalBody {
  return bodyOf([]);
}

/** A Pong; with custody, when all before the Ping has been done. */
export function pong(hasCustody: boolean): SignalBody {
  return bodyOf(hasCustody ? [new Option(CUSTODY, NONE)] : []);
}

/** A Release. Throws a `TypeError` for addresses or a time that it has no room for. */
export function release({ alternatives = [], holdOffSeconds }: Release): SignalBody {
  const options = alternatives.map((address) => {
    const value = utf8.encode(address);
    if (value.length > 0 && value.length <= MAX_ADDRESS_BYTES) {
      return new Option(ALTERNATIVE_ADDRESS, value);
    }
    throw new TypeError(
      `Cannot send clients to "${address}": an address has 1 to ${MAX_ADDRESS_BYTES} bytes`,
    );
  });
  if (holdOffSeconds === undefined) return bodyOf(options);
  const isKnown = Number.isInteger(holdOffSeconds) && holdOffSeconds >= 0;
  if (isKnown && holdOffSeconds <= MAX_HOLD_OFF_SECONDS) {
    return bodyOf([...options, new Option(HOLD_OFF, uint(holdOffSeconds))]);
  }
  throw new TypeError(
    `Cannot hold clients off for ${holdOffSeconds} s: give 0 to ${MAX_HOLD_OFF_SECONDS}`,
  );
}

/** An Abort, with its reason and, if that is at fault, the number of an option of a CSM. */
export function abort(reason: string, badOption?: number): SignalBody {
  const options = badOption === undefined ? [] : [new Option(BAD_CSM_OPTION, uint(badOption))];
  return bodyOf(options, utf8.encode(reason));
}

/** True for codes of class 7. */
export function isSignal(code: number): boolean {
  return code >> 5 === Signal.csm >> 5;
}

/** The value of the first option with a number: none of them may be repeated (RFC 7252 §5.4.5). */
function valueOf({ options }: Message, number: number): Uint8Array | undefined {
  return options.find((option) => option.number === number)?.value;
}

function bodyOf(options: readonly Option[], payload: Uint8Array = NONE): SignalBody {
  return { options: encodeOptions(options), payload };
}
