import type { Answer } from "./answer.ts";
import { type Message, NONE } from "./codec.ts";
import { encodeOptions, Option } from "./option_bytes.ts";
import { isCritical, uint, uintOf } from "./options.ts";
import { Signal } from "./stream_codec.ts";

/** Options and payload of a signal. */
export type SignalBody = Pick<Answer, "options" | "payload">;

/** Option numbers: of CSM (RFC 8323 §5.3), of Ping and Pong (§5.4), of Abort (§5.6). */
const MAX_MESSAGE_SIZE = 2, BLOCK_WISE = 4, CUSTODY = 2, BAD_CSM_OPTION = 2;

const utf8 = new TextEncoder();

/** A signal that says all with its code. */
export const plain: SignalBody = { options: NONE, payload: NONE };

/** Our CSM: messages of up to so many bytes, and blocks. */
export function csm(maxMessageBytes: number): SignalBody {
  return bodyOf([
    new Option(MAX_MESSAGE_SIZE, uint(maxMessageBytes)),
    new Option(BLOCK_WISE, NONE),
  ]);
}

/** Bytes of the longest message that the peer of a CSM takes; undefined when it does not say. */
export function maxMessageBytesOf({ options }: Message): number | undefined {
  let found: number | undefined;
  for (const { number, value } of options) {
    if (number === MAX_MESSAGE_SIZE && value.length <= 4) found = uintOf(value);
  }
  return found;
}

/** A Pong. Custody is confirmed, for what came before has been dealt with. */
export function pong({ options }: Message): SignalBody {
  return bodyOf(options.filter(({ number }) => number === CUSTODY).slice(0, 1));
}

/** An Abort, with its reason, and the option of a CSM that is not understood. */
export function abort(reason: string, badOption?: number): SignalBody {
  const options = badOption === undefined ? [] : [new Option(BAD_CSM_OPTION, uint(badOption))];
  return bodyOf(options, utf8.encode(reason));
}

/** A critical option of a signal, of which none is defined: the connection ends (§5.2). */
export function strangerOf({ options }: Message): number | undefined {
  return options.find(({ number }) => isCritical(number))?.number;
}

/** True for codes of class 7. */
export function isSignal(code: number): boolean {
  return code >> 5 === Signal.csm >> 5;
}

function bodyOf(options: readonly Option[], payload: Uint8Array = NONE): SignalBody {
  return { options: encodeOptions(options), payload };
}
