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
  for (let at = 0; at < field.length;) {
    const [word = "", key] = match(WORD, field, at);
    at += word.length;
    if (field[at] === '"') {
      const [text, inside] = match(QUOTED, field, at);
      // Without its closing quote the rest is one text. To search in that, too, could take very
      // long.
      if (text === undefined) return undefined;
      if (key?.toLowerCase() === wanted) return inside!.replace(/\\(.)/gs, "$1");
      at += text.length;
    } else if (key !== undefined) {
      const [plain = ""] = match(PLAIN, field, at);
      if (key.toLowerCase() === wanted) return plain;
      at += plain.length;
    } else if (word === "") at++;
  }
  return undefined;
}

/** A word; the group is set when `=` follows, so that it is the name of a parameter. */
const WORD = /([-!#$%&'*+.^_`|~\w]+)[ \t]*=[ \t]*|[-!#$%&'*+.^_`|~\w]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/ys;
const PLAIN = /[^\s",;]*/y;

/**
 * What a sticky pattern finds at this place, with its group; nothing when it does not fit there.
 */
function match(pattern: RegExp, text: string, at: number): (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}
