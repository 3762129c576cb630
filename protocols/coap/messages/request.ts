import { utf8 } from "../../bytes.ts";
import { type Answer, refusal } from "./answer.ts";
import { cacheKey } from "./cache_key.ts";
import { Code, type Message, type Option } from "./codec.ts";
import { isCritical, type OptionRule, Options, ruleOf, uintOf } from "./options.ts";

/** A request, with its options read. */
export class Request {
  /** The first segment of the path. */
  root = "";
  /** The other segments, joined by slashes; undefined when there are none. */
  rest: string | undefined = undefined;
  observe: number | undefined = undefined;
  contentFormat: number | undefined = undefined;
  accept: number | undefined = undefined;
  ifNoneMatch = false;
  /** One of these must be the current ETag; an empty one stands for any value. */
  ifMatch: Uint8Array[] | undefined = undefined;
  /** The ETags of representations that the client has. */
  etags: Uint8Array[] | undefined = undefined;
  queries: string[] | undefined = undefined;
  /** Number and more-flag of a block, as sent (RFC 7959 §2.2). */
  block1: number | undefined = undefined;
  block2: number | undefined = undefined;
  /** Bytes of the request's whole body; undefined when it does not say (RFC 7959 §4). */
  size1: number | undefined = undefined;
  /** True when the client asks for the size of the answer's body. */
  asksSize = false;
  /** The classes of answers that the client does not want, as bits (RFC 7967 §2.1). */
  noResponse = 0;
  /** The Echo value, by which the client shows that its address is its own (RFC 9175 §2.2.1). */
  echo: Uint8Array | undefined = undefined;
  /** True when it is for another server, to be asked by a proxy (RFC 7252 §5.7). */
  isForOther = false;
  /** The body: that of the message, or of all blocks together. */
  payload: Uint8Array;
  /** True when the payload is ours alone, and not a view of a message. */
  ownsPayload = false;

  constructor(readonly message: Message) {
    this.payload = message.payload;
  }

  /** Replaces the payload, a block, by the whole body. */
  take(payload: Uint8Array): void {
    this.payload = payload;
    this.ownsPayload = true;
  }

  /** What the requests for all blocks of one body have in common. */
  key(): string {
    return cacheKey(this.message, this.payload);
  }
}

/**
 * Reads the options of a request; an answer, when they must be refused. `understood` gives the
 * further critical options that the handler of the request understands.
 */
export function readRequest(
  message: Message,
  understood?: (request: Request) => ReadonlySet<number> | undefined,
): Request | Answer {
  const request = new Request(message), { options } = message;
  let rooted = false, before = -1, foreign: Option[] | undefined;
  for (let i = 0; i < options.length; i++) {
    const { number, value } = options[i]!;
    const rule = ruleOf(number), repeated = number === before;
    before = number;
    if (rule === undefined || faulty(rule, value, repeated)) {
      if (rule === undefined && isCritical(number)) (foreign ??= []).push(options[i]!);
      else if (isCritical(number)) return badOption(number, rule, value);
      continue;
    }
    switch (number) {
      case Options.uriPath: {
        const segment = textOf(value);
        if (segment === undefined) return badPath();
        if (!rooted) request.root = segment;
        else request.rest = request.rest === undefined ? segment : `${request.rest}/${segment}`;
        rooted = true;
        break;
      }
      case Options.uriQuery: {
        const query = textOf(value);
        if (query === undefined) return badPath();
        (request.queries ??= []).push(query);
        break;
      }
      case Options.observe:
        request.observe = uintOf(value);
        break;
      case Options.contentFormat:
        request.contentFormat = uintOf(value);
        break;
      case Options.accept:
        request.accept = uintOf(value);
        break;
      case Options.etag:
        (request.etags ??= []).push(value);
        break;
      case Options.ifMatch:
        (request.ifMatch ??= []).push(value);
        break;
      case Options.ifNoneMatch:
        request.ifNoneMatch = true;
        break;
      case Options.block1:
        request.block1 = uintOf(value);
        break;
      case Options.block2:
        request.block2 = uintOf(value);
        break;
      case Options.size1:
        request.size1 = uintOf(value);
        break;
      case Options.size2:
        request.asksSize = true;
        break;
      case Options.noResponse:
        request.noResponse = uintOf(value);
        break;
      case Options.echo:
        request.echo = value;
        break;
      case Options.proxyUri:
      case Options.proxyScheme:
        request.isForOther = true;
        break;
    }
  }
  if (foreign === undefined) return request;
  const known = understood?.(request);
  const unknown = foreign.find(({ number }) => !known?.has(number));
  return unknown === undefined ? request : badOption(unknown.number, undefined, unknown.value);
}

/**
 * True for an option of a wrong length, or repeated in vain: it counts as unknown (§5.4.3, §5.4.5).
 */
function faulty(rule: OptionRule, value: Uint8Array, repeated: boolean): boolean {
  return value.length < rule.min || value.length > rule.max || (repeated && !rule.repeatable);
}

function badOption(number: number, rule: OptionRule | undefined, value: Uint8Array): Answer {
  if (rule === undefined) return refusal(Code.badOption, `Option ${number} is not understood`);
  if (value.length >= rule.min && value.length <= rule.max) {
    return refusal(Code.badOption, `${rule.name} is there more than once`);
  }
  return refusal(
    Code.badOption,
    `${rule.name} has ${value.length} bytes: ${rule.min} to ${rule.max} are allowed`,
  );
}

function badPath(): Answer {
  return refusal(Code.badRequest, "Cannot read the path or query: it is not UTF-8");
}

/**
 * UTF-8 as text. For short ASCII, as nearly all paths are, this takes a third of a decoder's time.
 */
function textOf(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i]!;
    if (code > 0x7f) return utf8(bytes);
    text += String.fromCharCode(code);
  }
  return text;
}

/** True for a request that changes nothing, not even who observes (RFC 7252 §5.1). */
export function isRead({ message: { code }, observe, block1 }: Request): boolean {
  return (code === Code.get || code === Code.fetch && block1 === undefined) &&
    observe !== 0 && observe !== 1;
}

/** True for a request to observe (RFC 7641 §2, RFC 8132 §2.4). */
export function isRegistration({ message: { code }, observe }: Request): boolean {
  return observe === 0 && (code === Code.get || code === Code.fetch);
}

/** False when the client does not want this answer (RFC 7967 §2.1). */
export function isWanted({ noResponse }: Pick<Request, "noResponse">, { code }: Answer): boolean {
  return noResponse === 0 || (noResponse & 1 << (code >> 5) - 1) === 0;
}
