import { utf8 } from "../../bytes.ts";
import { faultOfTopic } from "../../topic.ts";
import { Answer, refusal } from "../answer.ts";
import { Code } from "../codec.ts";
import { Format } from "../content_format.ts";
import { encodeOptions, Option } from "../option_bytes.ts";
import { Options } from "../options.ts";
import type { Request } from "../request.ts";

/** Bytes of a path segment. */
const MAX_SEGMENT_BYTES = 255;

const encoder = new TextEncoder();

/**
 * The name in `POST /ps` with `<T>;ct=0`, by which nodes of the draft up to -09 create a topic
 * before they use it. What else the link says is of no use: any topic is there.
 */
export function nameOf(request: Request, maxLevels: number): string | Answer {
  if (request.contentFormat !== Format.linkFormat) {
    return refusal(
      Code.unsupportedFormat,
      "Cannot read this: 40 (a link such as <topic>) is known",
    );
  }
  const [, name] = /^<(?:\/ps\/)?([^<>]+)>(?:;[^<>]*)?$/.exec(utf8(request.payload) ?? "") ?? [];
  if (name === undefined) {
    return refusal(Code.badRequest, "Cannot create a topic: send one link such as <topic>;ct=0");
  }
  const fault = faultOfName(name, maxLevels);
  return fault === undefined ? name : refusal(Code.badRequest, fault);
}

/** Why a topic cannot be created, for it is none or has no path (RFC 7252 §5.10.1). */
export function faultOfName(topic: string, maxLevels: number): string | undefined {
  const isLong = topic.split("/").some((level) => encoder.encode(level).length > MAX_SEGMENT_BYTES);
  return faultOfTopic(topic, maxLevels) ??
    (isLong ? `A level of a topic has up to ${MAX_SEGMENT_BYTES} bytes here` : undefined);
}

/** Path segments below `root` as an answer has them (RFC 7252 §5.10.7). */
export function locationOf(root: string, topic: string): Option[] {
  return [root, ...topic.split("/")].map((segment) =>
    new Option(Options.locationPath, encoder.encode(segment))
  );
}

/** 2.01, and where the topic is. */
export function createdAt(topic: string): Answer {
  return new Answer(Code.created, encodeOptions(locationOf("ps", topic)));
}
