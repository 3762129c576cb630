/** An element with its namespace resolved (Namespaces in XML 1.0). */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | string)[];
}

/** An attribute other than a declaration of a namespace. */
interface XmlAttribute {
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

/** How large a document may be. */
export const defaults = {
  /** 32 elements inside each other: those of WebDAV are 6 deep. */
  depth: 32,
  /** 10,000 elements and attributes: in memory they take many times the bytes of the text. */
  nodes: 10_000,
  /** 256 characters of a namespace, which `formatXml` may repeat with each element. */
  namespaceLength: 256,
  /** 64 prefixes at a time: each element that declares one copies all that hold around it. */
  prefixes: 64,
};

const XML = "http://www.w3.org/XML/1998/namespace";
const XMLNS = "http://www.w3.org/2000/xmlns/";
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);
/** No document has these (XML 1.0 §2.2): what is kept of one goes into answers to others. */
// deno-lint-ignore no-control-regex
const UNFIT = /[\x00-\x08\v\f\x0e-\x1f\ufffe\uffff]/;

/** XML 1.0 §2.3, and one colon (Namespaces in XML 1.0 §4). */
const START =
  "A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d" +
  "\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
const PART = `[${START}][-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040${START}]*`;
const NAME = new RegExp(`${PART}(?::${PART})?`, "uy");

type Scope = Map<string, string>;

/**
 * Reads a document, and returns its root element; undefined when it is not well-formed, too deep or
 * too large. A document type is refused, because it could declare entities that expand to no end.
 */
export function parseXml(text: string): XmlElement | undefined {
  try {
    return new Parser(text).document();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Malformed extends Error {}

class Parser {
  #at = 0;
  #nodes = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, "");
  }

  document(): XmlElement {
    if (UNFIT.test(this.#text)) throw new Malformed();
    this.#between();
    const scope = new Map([["xml", XML], ["", ""]]);
    const root = this.#element(scope, 0);
    this.#between();
    if (this.#at < this.#text.length) throw new Malformed();
    return root;
  }

  /** Takes what a sticky expression matches here, if it does. */
  #take(what: RegExp): RegExpExecArray | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #expect(what: RegExp): RegExpExecArray {
    const found = this.#take(what);
    if (found === undefined) throw new Malformed();
    return found;
  }

  /** Skips white space, comments and processing instructions. */
  #between(): void {
    do this.#take(/\s+/y); while (this.#aside());
  }

  #aside(): boolean {
    for (const [start, end] of [["<!--", "-->"], ["<?", "?>"]] as const) {
      if (!this.#text.startsWith(start, this.#at)) continue;
      this.#passOver(start, end);
      return true;
    }
    return false;
  }

  #passOver(start: string, end: string): string {
    const from = this.#at + start.length, to = this.#text.indexOf(end, from);
    if (to < 0) throw new Malformed();
    this.#at = to + end.length;
    return this.#text.slice(from, to);
  }

  #count(): void {
    if (++this.#nodes > defaults.nodes) throw new Malformed();
  }

  #element(outer: Scope, depth: number): XmlElement {
    if (depth >= defaults.depth) throw new Malformed();
    this.#count();
    this.#expect(/</y);
    const tag = this.#name();
    const raw = this.#attributes(), scope = scopeOf(raw, outer);
    const attributes: XmlAttribute[] = [], known = new Set<string>();
    for (const [name, value] of raw) {
      if (isDeclaration(name)) continue;
      const resolved = name.includes(":") ? resolve(name, scope) : { namespace: "", name };
      const key = `{${resolved.namespace}}${resolved.name}`;
      if (known.has(key)) throw new Malformed();
      known.add(key);
      attributes.push({ ...resolved, value });
    }
    const children = this.#expect(/\s*(\/?)>/y)[1] === "/" ? [] : this.#content(tag, scope, depth);
    return { ...resolve(tag, scope), attributes, children };
  }

  /** The attributes of a tag by their names as written, declarations of namespaces included. */
  #attributes(): Map<string, string> {
    const raw = new Map<string, string>();
    while (this.#take(/\s+(?=[^\s/>])/y)) {
      this.#count();
      const name = this.#name();
      const [, double, single] = this.#expect(/\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y);
      if (raw.has(name)) throw new Malformed();
      raw.set(name, decode(double ?? single ?? ""));
    }
    return raw;
  }

  #name(): string {
    return this.#expect(NAME)[0];
  }

  #content(tag: string, scope: Scope, depth: number): (XmlElement | string)[] {
    const children: (XmlElement | string)[] = [];
    while (true) {
      const text = this.#take(/[^<]+/y);
      if (text) children.push(decode(text[0]));
      else if (this.#text.startsWith("</", this.#at)) {
        this.#at += 2;
        if (this.#name() !== tag) throw new Malformed();
        this.#expect(/\s*>/y);
        return children;
      } else if (this.#text.startsWith("<![CDATA[", this.#at)) {
        children.push(this.#passOver("<![CDATA[", "]]>"));
      } else if (!this.#aside()) children.push(this.#element(scope, depth + 1));
    }
  }
}

function isDeclaration(name: string): boolean {
  return name === "xmlns" || name.startsWith("xmlns:");
}

/** The namespaces by prefix inside an element: those around it, and those that it declares. */
function scopeOf(raw: ReadonlyMap<string, string>, outer: Scope): Scope {
  const scope = [...raw.keys()].some(isDeclaration) ? new Map(outer) : outer;
  for (const [name, value] of raw) {
    if (!isDeclaration(name)) continue;
    // A prefix cannot be undeclared (Namespaces in XML 1.0 §5).
    if (name !== "xmlns" && value === "") throw new Malformed();
    // Those of XML itself cannot be declared as others are (Namespaces in XML 1.0 §3).
    const isOwn = value === XML || value === XMLNS || /^xmlns:xml(?:ns)?$/.test(name);
    if (isOwn && !(name === "xmlns:xml" && value === XML)) throw new Malformed();
    if (value.length > defaults.namespaceLength) throw new Malformed();
    scope.set(name.slice("xmlns:".length), value);
  }
  if (scope.size > defaults.prefixes) throw new Malformed();
  return scope;
}

function resolve(name: string, scope: Scope): { namespace: string; name: string } {
  const colon = name.indexOf(":");
  const namespace = scope.get(colon < 0 ? "" : name.slice(0, colon));
  if (namespace === undefined) throw new Malformed();
  return { namespace, name: name.slice(colon + 1) };
}

function decode(text: string): string {
  return text.replace(/&([^;&]{0,10})(;?)/g, (_, name: string, end: string) => {
    const digits = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name);
    const code = digits ? parseInt(digits[1] ?? digits[2]!, digits[1] ? 16 : 10) : -1;
    const known = ENTITIES.get(name) ??
      (isCharacter(code) ? String.fromCodePoint(code) : undefined);
    if (end === "" || known === undefined) throw new Malformed();
    return known;
  });
}

function isCharacter(code: number): boolean {
  return code === 9 || code === 10 || code === 13 || (code >= 32 && code < 0xd800) ||
    (code > 0xdfff && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff);
}

/** Text, escaped for a document. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/**
 * An element as text that has the same meaning wherever it is put, inside the namespace `around`.
 */
export function formatXml(element: XmlElement, around?: string): string {
  const { namespace, attributes, children } = element;
  // The namespace of this prefix is that of no other, and never the default.
  const name = namespace === XML ? `xml:${element.name}` : element.name;
  const own = namespace === around || namespace === XML ? "" : ` xmlns="${escapeXml(namespace)}"`;
  const rest = attributes.map((each, index) => {
    const value = `="${escapeXml(each.value)}"`;
    if (each.namespace === "") return ` ${each.name}${value}`;
    if (each.namespace === XML) return ` xml:${each.name}${value}`;
    return ` xmlns:a${index}="${escapeXml(each.namespace)}" a${index}:${each.name}${value}`;
  }).join("");
  const inside = children.map((each) =>
    typeof each === "string" ? escapeXml(each) : formatXml(each, namespace)
  ).join("");
  return inside === "" ? `<${name}${own}${rest}/>` : `<${name}${own}${rest}>${inside}</${name}>`;
}

/** The child elements of an element. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((each) => typeof each !== "string");
}
