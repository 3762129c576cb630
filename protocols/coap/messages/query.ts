import type { Qos } from "../../publication.ts";
import { type Answer, refusal } from "./answer.ts";
import { Code } from "./codec.ts";
import type { Request } from "./request.ts";

/** The value of a query parameter, such as `1` of `?qos=1`. */
export function parameter({ queries }: Request, name: string): string | undefined {
  if (queries === undefined) return undefined;
  for (const query of queries) {
    if (query.startsWith(name) && query[name.length] === "=") return query.slice(name.length + 1);
  }
  return undefined;
}

/** `?qos=`; undefined when it is absent. */
export function qosOf(request: Request): Qos | undefined | Answer {
  const value = parameter(request, "qos");
  if (value === undefined) return undefined;
  if (/^[012]$/.test(value)) return Number(value) as Qos;
  return bad("qos", value, "0, 1 or 2");
}

/** `?retain=`; `otherwise` when it is absent. */
export function retainOf(request: Request, otherwise: boolean): boolean | Answer {
  const value = parameter(request, "retain");
  if (value === undefined) return otherwise;
  if (value === "1" || value === "true") return true;
  if (value === "0" || value === "false") return false;
  return bad("retain", value, "1 or 0");
}

/** `?expiry=` in seconds; undefined when it is absent, or 0 for never. */
export function expiryOf(request: Request): number | undefined | Answer {
  const value = parameter(request, "expiry");
  if (value === undefined || value === "0") return undefined;
  const seconds = /^\d{1,10}$/.test(value) ? Number(value) : Infinity;
  return seconds <= 0xffffffff ? seconds : bad("expiry", value, "seconds, up to 4294967295");
}

/** `?reply=5s` or `?reply=500ms` in milliseconds, at most `maxReplyMs`. */
export function replyMsOf(request: Request, maxReplyMs: number): number | Answer {
  const value = parameter(request, "reply") ?? "";
  const [, digits, unit] = /^(\d{1,6})(ms|s)$/.exec(value) ?? [];
  if (digits === undefined) return bad("reply", value, "a time such as 5s or 500ms");
  return Math.min(Number(digits) * (unit === "s" ? 1000 : 1), maxReplyMs);
}

function bad(name: string, value: string, allowed: string): Answer {
  return refusal(
    Code.badRequest,
    `Cannot use "${value.slice(0, 32)}" as ${name}: it is ${allowed}`,
  );
}
