import { Fields } from "../../protocols/http/messages/message.ts";
import {
  faultOfOrigin,
  isPreflight,
  isReading,
  permits,
  showsLogin,
} from "../../protocols/http/origin.ts";
import { plainText } from "../handlers/plain_text.ts";
import type { RootPart, WebPart } from "./part.ts";
import { withScope } from "./scope.ts";

/** What is passed on is the affair of the server behind, but not what our logins let in. */
type Concern = "all" | "logins";

/**
 * A part that refuses what pages of other origins than `allowed` would change by the parts behind it:
 * all of that, or what comes with a login of this gateway that their visitor's browser sends of itself.
 */
export function ownPages(allowed: readonly string[], concern: Concern = "all"): RootPart {
  // deno-lint-ignore require-await
  const part: RootPart = async ({ method, headers }, { identity }) => {
    if (isReading(method)) return undefined;
    const { address, user, certificate } = identity, fields = new Fields(headers);
    const isKnown = user !== undefined || certificate !== undefined;
    if (concern === "logins" && !(isKnown && showsLogin(fields, certificate))) return undefined;
    const fault = faultOfOrigin(fields, { address, allowed });
    return fault === undefined ? undefined : plainText(403, fault);
  };
  withScope(part, () => false);
  return part;
}

/** The same as `door`, but for preflights: they bring no login, and get nothing but an answer. */
export function preflighted(
  door: (...asked: Parameters<RootPart>) => ReturnType<WebPart>,
  allowed: readonly string[],
): RootPart {
  return async (request, info, prefix) => {
    const refused = await door(request, info, prefix);
    const { method, headers } = request, fields = new Fields(headers);
    if (refused?.status !== 401 || !isPreflight({ method, fields })) return refused;
    const permitted = permits(fields, { address: info.identity.address, allowed });
    if (typeof permitted === "string") return plainText(403, permitted);
    return new Response(null, { status: 204, headers: permitted });
  };
}
