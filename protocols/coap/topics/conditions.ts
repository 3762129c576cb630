import type { Hub } from "../../session.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import type { Request } from "../messages/request.ts";
import { isAmong } from "./representation.ts";

/** The refusal of a request whose conditions the value of a topic does not meet (§5.10.8). */
export function unmet(
  hub: Hub,
  { ifMatch, ifNoneMatch }: Request,
  topic: string,
): Answer | undefined {
  if (ifMatch === undefined && !ifNoneMatch) return undefined;
  const value = hub.retained(topic);
  if (ifNoneMatch && value !== undefined) {
    return refusal(Code.preconditionFailed, "If-None-Match: this topic holds a value");
  }
  if (ifMatch === undefined) return undefined;
  const holds = value !== undefined &&
    (ifMatch.some((etag) => etag.length === 0) || isAmong(ifMatch, value));
  return holds
    ? undefined
    : refusal(Code.preconditionFailed, "If-Match: this topic holds another value, or none");
}
