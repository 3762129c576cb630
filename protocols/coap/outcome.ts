import type { Outcome } from "../session.ts";
import { type Answer, refusal } from "./answer.ts";
import { Code } from "./codec.ts";
import { Option } from "./option_bytes.ts";
import { Options, uint } from "./options.ts";

/** Seconds after which somebody who met an overload may try again. */
const RETRY_SECONDS = 1;

/** True when a publication was taken, though nobody may have been there to hear it. */
export function isTaken(outcome: Outcome): boolean {
  return outcome === "accepted" || outcome === "unmatched";
}

/** What a publisher hears of what became of a publication; `success` when all is well. */
export function answerTo(outcome: Outcome, success: Answer): Answer {
  if (outcome === "overloaded") return overloaded();
  if (outcome === "reserved") {
    return refusal(Code.forbidden, "Only the gateway itself publishes to this topic");
  }
  return outcome === "closing"
    ? refusal(Code.unavailable, "The gateway is shutting down")
    : success;
}

/** 5.03, and when to try again. */
export function overloaded(): Answer {
  const maxAge = new Option(Options.maxAge, uint(RETRY_SECONDS));
  return refusal(Code.unavailable, "Too many messages wait already", [maxAge]);
}

/** 4.05. */
export function notAllowed(methods: string): Answer {
  return refusal(Code.methodNotAllowed, `Only ${methods} are known here`);
}
