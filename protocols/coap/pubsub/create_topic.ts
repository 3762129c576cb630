import { utf8 } from "../../bytes.ts";
import { faultOfTopic } from "../../topic.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format } from "../messages/content_format.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { MAX_TEXT_BYTES, Options } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";

const encoder = new TextEncoder();

/**
 * The topic in `POST /ps` with `<T>;ct=0`, by which clients of the draft up to -09 create a topic
 * before they use it. Attributes of the link are ignored, because any topic can be used anyway.
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

/** Why a topic cannot be created: it is not valid, or its path would be (RFC 7252 §5.10.1). */
export function faultOfName(topic: string, maxLevels: number): string | undefined {
  const isLong = topic.split("/").some((level) => encoder.encode(level).length > MAX_TEXT_BYTES);
  return faultOfTopic(topic, maxLevels) ??
    (isLong ? `A level of a topic has up to ${MAX_TEXT_BYTES} bytes here` : undefined);
}

/** The Location-Path options for a topic below `root` (RFC 7252 §5.10.7). */
export function locationOf(root: string, topic: string): Option[] {
  return [root, ...topic.split("/")].map((segment) =>
    new Option(Options.locationPath, encoder.encode(segment))
  );
}

/** 2.01 (Created), with the location of the topic. */
export function createdAt(topic: string): Answer {
  return new Answer(Code.created, encodeOptions(locationOf("ps", topic)));
}
