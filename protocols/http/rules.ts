import type { Answer } from "./exchange.ts";
import type { HttpLimits } from "./limits.ts";
import type { Upgrade } from "./message.ts";

/** What all sessions of a listener share. */
export interface HttpRules {
  limits: HttpLimits;
  upgrade: Upgrade | undefined;
  /** Answers everything else. */
  answer: Answer;
}
