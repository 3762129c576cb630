/** Where something stands in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that is not JSON (RFC 8259). */
export class JsonError extends Error {
  constructor(message: string, readonly position: Position) {
    super(message);
  }
}

/** A document and where each of its values stands, by path: `listen[1].tls.cert`. */
interface Json {
  readonly value: unknown;
  readonly positions: ReadonlyMap<string, Position>;
}

/** 32 levels: our settings have four, and each level costs the reader some stack. */
const MAX_DEPTH = 32;

/** Reads JSON as `JSON.parse` does, but says where things stand and refuses a key given twice. */
export function readJson(text: string): Json {
  return new JsonReader(text).document();
}

/** The path of a member of the object at `path`. */
export function memberOf(path: string, name: string): string {
  // Any text may be a key: one that is no plain name is quoted, so that it cannot break a message.
  if (!/^[\w$-]{1,64}$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

const words = new Map<string, unknown>([["true", true], ["false", false], ["null", null]]);

class JsonReader {
  readonly #positions = new Map<string, Position>();
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(readonly text: string) {
    // Some editors begin a file with a byte order mark.
    if (text.startsWith("\ufeff")) this.#at = this.#lineStart = 1;
  }

  document(): Json {
    const value = this.#value("", 0);
    this.#space();
    if (this.#at < this.text.length) {
      this.#fail(`Cannot read ${this.#next()}: the document has ended`);
    }
    return { value, positions: this.#positions };
  }

  #value(path: string, depth: number): unknown {
    this.#space();
    if (depth > MAX_DEPTH) {
      this.#fail(`Cannot read more than ${MAX_DEPTH} values inside each other`);
    }
    if (!this.#positions.has(path)) this.#positions.set(path, this.#position());
    const first = this.text[this.#at];
    if (first === "{") return this.#object(path, depth);
    if (first === "[") return this.#array(path, depth);
    if (first === '"') return this.#string();
    return this.#numberOrWord();
  }

  #object(path: string, depth: number): Record<string, unknown> {
    // Without a prototype `__proto__` is a key like any other.
    const object: Record<string, unknown> = Object.create(null);
    this.#at++;
    if (this.#take("}")) return object;
    do {
      this.#space();
      const position = this.#position();
      if (this.text[this.#at] !== '"') {
        this.#fail(`Cannot read ${this.#next()}: a key in double quotes is needed`);
      }
      const key = this.#string();
      if (key in object) {
        throw new JsonError(`Cannot use ${JSON.stringify(key)} twice in one object`, position);
      }
      const member = memberOf(path, key);
      this.#positions.set(member, position);
      if (!this.#take(":")) this.#fail(`Cannot read ${this.#next()}: a ":" is needed after a key`);
      object[key] = this.#value(member, depth + 1);
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail(`Cannot read ${this.#next()}: a "," or "}" is needed`);
    return object;
  }

  #array(path: string, depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    if (this.#take("]")) return array;
    do array.push(this.#value(`${path}[${array.length}]`, depth + 1)); while (this.#take(","));
    if (!this.#take("]")) this.#fail(`Cannot read ${this.#next()}: a "," or "]" is needed`);
    return array;
  }

  #string(): string {
    const start = this.#at++;
    for (; this.text[this.#at] !== '"'; this.#at++) {
      if (this.text[this.#at] === "\\") this.#at++;
      // A line feed, or the end of the text.
      if (!(this.text[this.#at]! >= " ")) {
        this.#at = start;
        this.#fail("Cannot read this string: it does not end on its line");
      }
    }
    try {
      return JSON.parse(this.text.slice(start, ++this.#at)) as string;
    } catch {
      this.#at = start;
      this.#fail(
        'Cannot read this string: after a backslash only "\\/bfnrt or u and four hexadecimal digits may stand',
      );
    }
  }

  #numberOrWord(): unknown {
    const wordHere = /[\w.+-]*/y;
    wordHere.lastIndex = this.#at;
    const word = wordHere.exec(this.text)?.[0] ?? "";
    if (words.has(word)) {
      this.#at += word.length;
      return words.get(word);
    }
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(word)) {
      this.#fail(`Cannot read ${this.#next()}: a value is needed`);
    }
    this.#at += word.length;
    return Number(word);
  }

  #take(mark: string): boolean {
    this.#space();
    if (this.text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;; this.#at++) {
      const each = this.text[this.#at];
      if (each === "\n") {
        this.#line++;
        this.#lineStart = this.#at + 1;
      } else if (each !== " " && each !== "\t" && each !== "\r") {
        if (each === "/") {
          this.#fail(`Cannot read "/": a value is needed, and JSON has no comments`);
        }
        return;
      }
    }
  }

  /** What stands here, for a message. */
  #next(): string {
    if (this.#at >= this.text.length) return "the end of the file";
    const word = /^[\w.+-]{1,32}/.exec(this.text.slice(this.#at, this.#at + 32))?.[0];
    return JSON.stringify(word ?? String.fromCodePoint(this.text.codePointAt(this.#at)!));
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #fail(message: string): never {
    throw new JsonError(message, this.#position());
  }
}
