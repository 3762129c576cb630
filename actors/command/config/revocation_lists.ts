import type { ListSource } from "../../../transports/tls/revocation_list.ts";
import { authoritiesOf, faultOfAge, trustedLists } from "../../../transports/tls/trusted_lists.ts";
import { wordsOf } from "./cause.ts";

/** Why nobody could use these revocation lists; undefined when they are good, be it for too long. */
export function faultOfLists(source: ListSource, ca: string): string | undefined {
  let authorities;
  try {
    authorities = authoritiesOf(ca);
  } catch {
    // What is wrong with `ca` is said of `ca`.
    return undefined;
  }
  try {
    trustedLists(source, authorities, Date.now());
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

/** What is too old among these revocation lists, which are good otherwise. */
export function faultsOfAge(source: ListSource, ca: string): string[] {
  const now = Date.now();
  return trustedLists(source, authoritiesOf(ca), now).flatMap((each) =>
    faultOfAge(each, now) ?? []
  );
}
