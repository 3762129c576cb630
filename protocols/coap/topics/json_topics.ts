import { utf8 } from "../../bytes.ts";
import { Publication } from "../../publication.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format, formatOf } from "../messages/content_format.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { mergePatch, pointedAt } from "./merge_patch.ts";
import { hash } from "./representation.ts";

/** 100 pointers in one FETCH: more than the members of usual values. */
const MAX_POINTERS = 100;

const encoder = new TextEncoder();

/** The value of a topic after a PATCH or iPATCH (RFC 8132 §3) with a merge patch (RFC 7396). */
export function patched(
  value: Publication | undefined,
  request: Request,
  maxBytes: number,
): Uint8Array | Answer {
  if (request.contentFormat !== Format.mergePatch) {
    return refusal(Code.unsupportedFormat, "Cannot apply this format: send 52 (merge-patch+json)");
  }
  const patch = parse(request.payload);
  if (patch === undefined) return refusal(Code.badRequest, "Cannot read the patch: it is not JSON");
  const before = value === undefined ? { json: undefined } : jsonOf(value);
  if (before instanceof Answer) return before;
  try {
    const after = encoder.encode(JSON.stringify(mergePatch(before.json, patch.json)));
    // Patch by patch it would grow for ever, and each reads all of it.
    if (after.length <= maxBytes) return after;
    return refusal(Code.tooLarge, `Cannot make this of more than ${maxBytes} bytes`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refusal(Code.unprocessable, error.message);
  }
}

/** A function from a value to what the JSON pointers of a FETCH (RFC 8132 §2) name in it. */
export function selection(
  request: Request,
  maxBytes: number,
): ((value: Publication) => Answer) | Answer {
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
  return (value) => selected(value, pointers, maxBytes);
}

/** An object with the pointers as names, and what they point at as values. */
function selected(
  value: Publication,
  pointers: readonly string[],
  maxBytes: number,
): Answer {
  const found = jsonOf(value);
  if (found instanceof Answer) return found;
  const entries: string[] = [];
  let left = maxBytes;
  try {
    // The same twice says no more than once.
    for (const pointer of new Set(pointers)) {
      const part = pointedAt(found.json, pointer);
      if (part === undefined) continue;
      const entry = `${JSON.stringify(pointer)}:${JSON.stringify(part)}`;
      entries.push(entry);
      left -= entry.length;
      if (left < 0) {
        return refusal(Code.unprocessable, `Cannot select more than ${maxBytes} bytes`);
      }
    }
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

// Many who observe parts of one value ask for it one after the other.
let latest: { payload: Uint8Array; found: { json: unknown } | undefined } | undefined;

/** `parse`, once for what is asked for again: payloads never change, nor does what was read. */
function parsed(payload: Uint8Array): { json: unknown } | undefined {
  if (latest?.payload !== payload) latest = { payload, found: parse(payload) };
  return latest.found;
}

/** What a topic holds, as JSON; whoever named no type may well have sent some. */
function jsonOf({ contentType, payload }: Publication): { json: unknown } | Answer {
  const format = contentType === undefined ? undefined : formatOf(contentType);
  const isJson = contentType === undefined || format === Format.json ||
    /\+json\b/.test(contentType);
  return isJson && parsed(payload) || refusal(Code.conflict, "This topic holds no JSON");
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
