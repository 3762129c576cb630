import { utf8 } from "../bytes.ts";
import { Publication } from "../publication.ts";
import { Answer, refusal } from "./answer.ts";
import { Code } from "./codec.ts";
import { Format, formatOf } from "./content_format.ts";
import { mergePatch, pointedAt } from "./merge_patch.ts";
import { encodeOptions, Option } from "./option_bytes.ts";
import { Options, uint } from "./options.ts";
import { hash } from "./representation.ts";
import type { Request } from "./request.ts";

/** 100 pointers in one FETCH: more than the members of usual values. */
const MAX_POINTERS = 100;

const encoder = new TextEncoder();

/** The value of a topic after a PATCH or iPATCH (RFC 8132 §3) with a merge patch (RFC 7396). */
export function patched(value: Publication | undefined, request: Request): Uint8Array | Answer {
  if (request.contentFormat !== Format.mergePatch) {
    return refusal(Code.unsupportedFormat, "Cannot apply this format: send 52 (merge-patch+json)");
  }
  const patch = parse(request.payload);
  if (patch === undefined) return refusal(Code.badRequest, "Cannot read the patch: it is not JSON");
  const before = value === undefined ? { json: undefined } : jsonOf(value);
  if (before instanceof Answer) return before;
  try {
    return encoder.encode(JSON.stringify(mergePatch(before.json, patch.json)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refusal(Code.unprocessable, error.message);
  }
}

/** A function from a value to what the JSON pointers of a FETCH (RFC 8132 §2) name in it. */
export function selection(request: Request): ((value: Publication) => Answer) | Answer {
  if (request.contentFormat !== Format.json) {
    return refusal(Code.unsupportedFormat, "Cannot select by this format: send 50 (JSON)");
  }
  if (request.accept !== undefined && request.accept !== Format.json) {
    return refusal(Code.notAcceptable, "Cannot answer in this format: 50 (JSON) is offered");
  }
  const pointers = parse(request.payload)?.json;
  if (!isPointers(pointers)) {
    return refusal(
      Code.unprocessable,
      `Cannot select: send up to ${MAX_POINTERS} JSON pointers, as in ["/a/0"]`,
    );
  }
  return (value) => selected(value, pointers);
}

/** An object with the pointers as names, and what they point at as values. */
function selected(value: Publication, pointers: readonly string[]): Answer {
  const found = jsonOf(value);
  if (found instanceof Answer) return found;
  let entries: string[];
  try {
    entries = pointers.flatMap((pointer) => {
      const part = pointedAt(found.json, pointer);
      return part === undefined ? [] : [`${JSON.stringify(pointer)}:${JSON.stringify(part)}`];
    });
  } catch (error) {
    // JSON of very many levels can be parsed, but not written again.
    if (!(error instanceof RangeError)) throw error;
    return refusal(Code.unprocessable, "Cannot select: the value has too many levels");
  }
  const payload = encoder.encode(`{${entries.join(",")}}`);
  const options = [
    new Option(Options.etag, hash(payload)),
    new Option(Options.contentFormat, uint(Format.json)),
  ];
  return new Answer(Code.content, encodeOptions(options), payload);
}

function isPointers(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_POINTERS &&
    value.every((each) => typeof each === "string" && (each === "" || each.startsWith("/")));
}

/** A value as JSON. One without a content type may well be JSON, too. */
function jsonOf({ contentType, payload }: Publication): { json: unknown } | Answer {
  const format = contentType === undefined ? undefined : formatOf(contentType);
  const isJson = contentType === undefined || format === Format.json ||
    /\+json\b/.test(contentType);
  return isJson && parse(payload) || refusal(Code.conflict, "This topic holds no JSON");
}

function parse(bytes: Uint8Array): { json: unknown } | undefined {
  try {
    const text = utf8(bytes);
    return text === undefined ? undefined : { json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
