import type { Answer } from "./exchange.ts";
import { forwardedAnswer, forwardedUpgrade, type Trusts } from "./forwarded.ts";
import { defaults, type HttpLimits } from "./limits.ts";
import type { Upgrade } from "./messages/message.ts";
import type { HttpOptions } from "./options.ts";
import { entrance } from "./permission.ts";
import { site } from "./site.ts";

/** What all HTTP sessions of a listener share. */
export interface HttpRules {
  limits: HttpLimits;
  upgrade: Upgrade | undefined;
  /** Which peers are proxies that are trusted to name their clients. */
  trusts: Trusts | undefined;
  /** Answers all requests but upgrades. */
  answer: Answer;
}

/** The rules of a listener; `fallback` answers requests that nothing else does. */
export function rulesOf(options: HttpOptions, fallback?: Answer): HttpRules {
  const { trusts, origins = [] } = options;
  const limits = { ...defaults, ...options.limits };
  const upgrade = options.upgrade && trusts
    ? forwardedUpgrade(options.upgrade, trusts)
    : options.upgrade;
  const plain = entrance(site(limits, fallback), origins);
  return { limits, upgrade, trusts, answer: trusts ? forwardedAnswer(plain) : plain };
}
