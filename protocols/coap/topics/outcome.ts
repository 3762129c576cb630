import type { Outcome } from "../../session.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";

/** 1 s after which a client may try again after an overload, which seldom lasts. */
const RETRY_SECONDS = 1;

/** True when a publication was taken, even if nobody subscribes to its topic. */
export function isTaken(outcome: Outcome): boolean {
  return outcome === "accepted" || outcome === "unmatched";
}

/** The answer that tells a publisher what became of a publication; `success` when it was taken. */
export function answerTo(outcome: Outcome, success: Answer): Answer {
  if (outcome === "overloaded") return overloaded();
  if (outcome === "reserved") {
    return refusal(Code.forbidden, "Only the gateway itself publishes to this topic");
  }
  return outcome === "closing"
    ? refusal(Code.unavailable, "The gateway is shutting down")
    : success;
}

/** 5.03 (Service Unavailable), with the time to try again. */
export function overloaded(): Answer {
  const maxAge = new Option(Options.maxAge, uint(RETRY_SECONDS));
  return refusal(Code.unavailable, "Too many messages wait already", [maxAge]);
}

/** 4.05 (Method Not Allowed). */
export function notAllowed(methods: string): Answer {
  return refusal(Code.methodNotAllowed, `Only ${methods} are known here`);
}
