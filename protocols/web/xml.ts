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

export const defaults = {
  /** 32 elements inside each other: those of WebDAV are 6 deep. */
  depth: 32,
  /** 10,000 elements and attributes: what a parsed body takes is a multiple of its text. */
  nodes: 10_000,
  /** 256 characters of a namespace, which is written again with each element that changes it. */
  namespaceLength: 256,
  /** 64 prefixes at once, all of which each element that declares one more copies. */
  prefixes: 64,
};

const XML = "http://www.w3.org/XML/1998/namespace";
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

type Scope = Map<string, string>;

/**
 * The root element of a document; undefined when it is not well-formed, too deep or too large.
 * A document type is refused, because only that can declare entities that grow.
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
    this.#between();
    const scope = new Map([["xml", XML], ["", ""]]);
    const root = this.#element(scope, 0);
    this.#between();
    if (this.#at < this.#text.length) throw new Malformed();
    return root;
  }

  /** Takes what a sticky expression matches here. */
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

  /** Passes over spaces, comments and instructions. */
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
    const raw = new Map<string, string>();
    while (this.#take(/\s+(?=[^\s/>])/y)) {
      this.#count();
      const name = this.#name();
      const [, double, single] = this.#expect(/\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y);
      if (raw.has(name)) throw new Malformed();
      raw.set(name, decode(double ?? single ?? ""));
    }
    const scope = [...raw.keys()].some((name) => name.startsWith("xmlns")) ? new Map(outer) : outer;
    for (const [name, value] of raw) {
      if (name !== "xmlns" && !name.startsWith("xmlns:")) continue;
      // A prefix cannot be undeclared (Namespaces in XML 1.0 §5).
      if (name !== "xmlns" && value === "") throw new Malformed();
      scope.set(name.slice(6), value);
      if (value.length > defaults.namespaceLength) throw new Malformed();
    }
    if (scope.size > defaults.prefixes) throw new Malformed();
    const attributes: XmlAttribute[] = [];
    for (const [name, value] of raw) {
      if (name === "xmlns" || name.startsWith("xmlns:")) continue;
      const resolved = name.includes(":") ? resolve(name, scope) : { namespace: "", name };
      attributes.push({ ...resolved, value });
    }
    const children = this.#expect(/\s*(\/?)>/y)[1] === "/" ? [] : this.#content(tag, scope, depth);
    return { ...resolve(tag, scope), attributes, children };
  }

  #name(): string {
    return this.#expect(/[\p{L}_][\p{L}\p{N}\p{M}_.·-]*(?::[\p{L}_][\p{L}\p{N}\p{M}_.·-]*)?/uy)[0];
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
    const known = ENTITIES[name] ?? (isCharacter(code) ? String.fromCodePoint(code) : undefined);
    if (end === "" || known === undefined) throw new Malformed();
    return known;
  });
}

function isCharacter(code: number): boolean {
  return code === 9 || code === 10 || code === 13 || (code >= 32 && code < 0xd800) ||
    (code > 0xdfff && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff);
}

/** Text as it stands in a document. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** An element as text that means the same wherever it stands. */
export function formatXml(element: XmlElement, around?: string): string {
  const { namespace, name, attributes, children } = element;
  const own = namespace === around ? "" : ` xmlns="${escapeXml(namespace)}"`;
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

/** The elements right inside one. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((each) => typeof each !== "string");
}
