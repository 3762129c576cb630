/**
 * The value of a parameter in a header field such as `x=1, y="two words"`; undefined when it is not
 * there. Names are compared without regard to case (RFC 9110 §5.6.6).
 *
 * @example The boundary of a form
 * ```ts
 * import { headerParameter } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const type = 'multipart/form-data; charset=utf-8; boundary="a b\\"c"';
 * assert.equal(headerParameter(type, "Boundary"), 'a b"c');
 * assert.equal(headerParameter(type, "c"), undefined);
 * ```
 */
export function headerParameter(field: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const parameter =
    /(?<![-!#$%&'*+.^_`|~\w])([-!#$%&'*+.^_`|~\w]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))|"(?:[^"\\]|\\.)*"/gs;
  for (const [, found, quoted, plain] of field.matchAll(parameter)) {
    if (found?.toLowerCase() !== wanted) continue;
    return quoted === undefined ? plain : quoted.replace(/\\(.)/gs, "$1");
  }
  return undefined;
}
