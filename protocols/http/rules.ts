import type { Answer } from "./exchange.ts";
import { forwardedAnswer, forwardedUpgrade, type Trusts } from "./forwarded.ts";
import { defaults, type HttpLimits } from "./limits.ts";
import type { Upgrade } from "./message.ts";
import type { HttpOptions } from "./options.ts";
import { entrance } from "./permission.ts";
import { site } from "./site.ts";

/** What all sessions of a listener share. */
export interface HttpRules {
  limits: HttpLimits;
  upgrade: Upgrade | undefined;
  /** Which peers are proxies that name their clients. */
  trusts: Trusts | undefined;
  /** Answers everything else. */
  answer: Answer;
}

/** The rules of a listener; `fallback` answers what is left over. */
export function rulesOf(options: HttpOptions, fallback?: Answer): HttpRules {
  const { trusts, origins = [] } = options;
  const limits = { ...defaults, ...options.limits };
  const upgrade = options.upgrade && trusts
    ? forwardedUpgrade(options.upgrade, trusts)
    : options.upgrade;
  const plain = entrance(site(limits, fallback), origins);
  return { limits, upgrade, trusts, answer: trusts ? forwardedAnswer(plain) : plain };
}
