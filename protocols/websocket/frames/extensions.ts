/**
 * How messages are compressed (RFC 7692 §7.1).
 *
 * @example For many clients that say little
 * ```ts
 * import { type CompressionOptions, gateway, http, tcp, websocket } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const compression: CompressionOptions = { windowBits: 9, noContextTakeover: true };
 * await using hub = gateway();
 * const protocol = http({ upgrade: websocket({ compression }) });
 * assert.ok((await hub.listen(tcp({ port: 0 }), protocol).ready).port > 0);
 * ```
 */
export interface CompressionOptions {
  /**
   * The largest window for what we send and, where the peer lets us choose, for what it sends: 2 to
   * the power of this many bytes, 8 to 15; default 12, which takes 4 KiB for each direction.
   */
  windowBits?: number;
  /** Bytes below which a message is sent as it is; default 256. */
  minBytes?: number;
  /** Bytes above which a message is sent as it is; default 1 MiB. */
  maxBytes?: number;
  /** True to compress each message by itself, in both directions; default false. */
  noContextTakeover?: boolean;
}

/** The options of compression unless others are given. */
export const compressionDefaults: Readonly<Required<CompressionOptions>> = {
  // 4 KiB: holds a few messages of the usual size, for little memory.
  windowBits: 12,
  // 256 bytes: a smaller message takes one packet of the network either way.
  minBytes: 256,
  // 1 MiB takes some 15 ms, in which nobody else is served.
  maxBytes: 1 << 20,
  noContextTakeover: false,
};

/** What both sides have agreed on: parameters of permessage-deflate (RFC 7692 §7.1). */
export interface Agreement {
  /** Context takeover: true when a message may refer to the ones before it. */
  readonly takeover: { readonly ours: boolean; readonly theirs: boolean };
  readonly bits: { readonly ours: number; readonly theirs: number };
}

/** An agreement, and how a server says it. */
interface Accepted {
  readonly agreement: Agreement;
  /** The value of Sec-WebSocket-Extensions. */
  readonly field: string;
}

const NAME = "permessage-deflate";
const SERVER_ALONE = "server_no_context_takeover", CLIENT_ALONE = "client_no_context_takeover";
const SERVER_BITS = "server_max_window_bits", CLIENT_BITS = "client_max_window_bits";

type Parameters = Map<string, string | undefined>;

/** Agrees to the first offer that can be met (RFC 7692 §5.1); undefined when there is none. */
export function acceptOffer(
  offers: string | undefined,
  wishes: Required<CompressionOptions>,
): Accepted | undefined {
  for (const parameters of elements(offers)) {
    if (parameters === undefined || !isOffer(parameters)) continue;
    const alone = { ours: parameters.has(SERVER_ALONE), theirs: parameters.has(CLIENT_ALONE) };
    if (wishes.noContextTakeover) alone.ours = alone.theirs = true;
    const ours = Math.min(bitsOf(parameters.get(SERVER_BITS)), wishes.windowBits);
    const asked = bitsOf(parameters.get(CLIENT_BITS));
    // A client that does not know the parameter keeps the largest window (RFC 7692 §7.1.2.2).
    const theirs = parameters.has(CLIENT_BITS) ? Math.min(asked, wishes.windowBits) : 15;
    const field = [
      NAME,
      ...alone.ours ? [SERVER_ALONE] : [],
      ...alone.theirs ? [CLIENT_ALONE] : [],
      ...parameters.has(SERVER_BITS) ? [`${SERVER_BITS}=${ours}`] : [],
      ...parameters.has(CLIENT_BITS) ? [`${CLIENT_BITS}=${theirs}`] : [],
    ].join("; ");
    const takeover = { ours: !alone.ours, theirs: !alone.theirs };
    return { agreement: { takeover, bits: { ours, theirs } }, field };
  }
  return undefined;
}

/** The offer that a client makes in Sec-WebSocket-Extensions. */
export function offerOf({ windowBits, noContextTakeover }: Required<CompressionOptions>): string {
  return [
    NAME,
    ...noContextTakeover ? [SERVER_ALONE, CLIENT_ALONE] : [],
    ...windowBits < 15 ? [`${SERVER_BITS}=${windowBits}`] : [],
    CLIENT_BITS,
  ].join("; ");
}

/**
 * What a server answered to `offerOf` (RFC 7692 §7.1); or a text that says what is wrong with it.
 */
export function readAnswer(
  answer: string,
  wishes: Required<CompressionOptions>,
): Agreement | string {
  const [parameters, ...others] = [...elements(answer)];
  if (parameters === undefined || others.length > 0) {
    return `its extensions "${answer}" are not ${NAME}, offered once`;
  }
  if (!isOffer(parameters) || (parameters.has(CLIENT_BITS) && !parameters.get(CLIENT_BITS))) {
    return `its parameters "${answer}" are not those of ${NAME}`;
  }
  const theirs = bitsOf(parameters.get(SERVER_BITS));
  if (theirs > wishes.windowBits) return `its window is larger than 2^${wishes.windowBits} bytes`;
  if (wishes.noContextTakeover && !parameters.has(SERVER_ALONE)) {
    return `its messages would refer to those before them`;
  }
  const ours = Math.min(bitsOf(parameters.get(CLIENT_BITS)), wishes.windowBits);
  const alone = wishes.noContextTakeover || parameters.has(CLIENT_ALONE);
  return {
    takeover: { ours: !alone, theirs: !parameters.has(SERVER_ALONE) },
    bits: { ours, theirs },
  };
}

function bitsOf(text: string | undefined): number {
  return text === undefined ? 15 : Number(text);
}

/** True when all parameters are known and their values are valid (RFC 7692 §7.1). */
function isOffer(parameters: Parameters): boolean {
  for (const [name, value] of parameters) {
    if (name === SERVER_ALONE || name === CLIENT_ALONE) {
      if (value !== undefined) return false;
    } else if (name === SERVER_BITS || name === CLIENT_BITS) {
      const isAbsent = value === undefined && name === CLIENT_BITS;
      if (!isAbsent && !/^([89]|1[0-5])$/.test(value ?? "")) return false;
    } else return false;
  }
  return true;
}

/** One element of the list: a name, and parameters with or without a value (RFC 6455 §9.1). */
const ELEMENT =
  /\s*([-!#$%&'*+.^_`|~0-9A-Za-z]+)((?:\s*;\s*[-!#$%&'*+.^_`|~0-9A-Za-z]+(?:\s*=\s*(?:[-!#$%&'*+.^_`|~0-9A-Za-z]+|"[^"\\]*"))?)*)\s*(?:,|$)/y;

/** The parameters of each element of the list; undefined for another extension or a faulty one. */
function* elements(list: string | undefined): IterableIterator<Parameters | undefined> {
  if (list === undefined) return;
  for (let at = 0; at < list.length;) {
    ELEMENT.lastIndex = at;
    const found = ELEMENT.exec(list);
    // From where the list cannot be read on, there are no more offers.
    if (found === null) return yield undefined;
    at = ELEMENT.lastIndex;
    yield found[1]!.toLowerCase() === NAME ? parametersOf(found[2]!) : undefined;
  }
}

function parametersOf(text: string): Parameters | undefined {
  const parameters: Parameters = new Map();
  for (const part of text.split(";").slice(1)) {
    const [name = "", value] = part.split("=").map((each) => each.trim());
    if (parameters.has(name.toLowerCase())) return undefined;
    parameters.set(name.toLowerCase(), value?.replace(/^"(.*)"$/, "$1"));
  }
  return parameters;
}
