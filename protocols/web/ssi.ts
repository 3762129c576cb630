/** What the path of an include starts from: the site's root, the page's folder, or the disk. */
export type IncludeBase = "virtual" | "file" | "abspath";

/** A piece of a page with server-side includes. */
export type SsiPart =
  | { readonly kind: "text"; readonly from: number; readonly to: number }
  | { readonly kind: "include"; readonly base: IncludeBase; readonly path: string }
  | { readonly kind: "exec"; readonly command: string }
  | { readonly kind: "call"; readonly name: string; readonly argument: string };

/**
 * Splits a page into directives, `<!--#… -->`, and the text between them. Unknown directives are
 * left out without notice. A directive that is never closed is text.
 */
export function parseSsi(page: Uint8Array): SsiPart[] {
  const parts: SsiPart[] = [];
  let from = 0;
  const text = (to: number) => {
    if (to > from) parts.push({ kind: "text", from, to });
  };
  for (let at = find(page, OPEN, 0); at !== -1; at = find(page, OPEN, from)) {
    const inside = at + OPEN.length, end = find(page, CLOSE, inside);
    if (end === -1) break;
    text(at);
    from = end + CLOSE.length;
    const directive = parseDirective(decoder.decode(page.subarray(inside, end)));
    if (directive !== undefined) parts.push(directive);
  }
  text(page.length);
  return parts;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();
const OPEN = encoder.encode("<!--#"), CLOSE = encoder.encode("-->");

function parseDirective(text: string): SsiPart | undefined {
  const found = /^([a-z]+)\s+(\S[^]*)$/i.exec(text.trim());
  if (found === null) return undefined;
  const word = found[1]!.toLowerCase(), rest = found[2]!;
  if (word === "call") {
    const [, name, argument] = /^(\S+)\s*([^]*)$/.exec(rest)!;
    return { kind: "call", name: name!, argument: argument! };
  }
  const value = /^(?:([a-z]+)\s*=\s*)?"([^"]+)"$/i.exec(rest);
  const attribute = value?.[1]?.toLowerCase(), quoted = value?.[2];
  if (quoted === undefined) return undefined;
  if (word === "exec" && (attribute === undefined || attribute === "cmd")) {
    return { kind: "exec", command: quoted };
  }
  if (word !== "include") return undefined;
  const base = BASES.find((each) => each === (attribute ?? "file"));
  return base && { kind: "include", base, path: quoted };
}

const BASES: readonly IncludeBase[] = ["virtual", "file", "abspath"];

function find(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
