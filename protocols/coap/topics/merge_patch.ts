/** 100 levels of a patch, each of which is a recursion: real documents have a tenth of that. */
const MAX_DEPTH = 100;

type Members = Record<string, unknown>;

/** Applies a merge patch to a document (RFC 7396 §2). Throws a `RangeError` when it is too deep. */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isObject(patch)) return patch;
  if (depth === MAX_DEPTH) throw new RangeError(`Cannot merge more than ${MAX_DEPTH} levels`);
  // A null prototype: `__proto__` is a name like any other.
  const result: Members = Object.assign(Object.create(null), isObject(target) ? target : undefined);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value, depth + 1);
  }
  return result;
}

/** What a JSON pointer names in a document (RFC 6901); undefined for nothing, or no pointer. */
export function pointedAt(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  if (!pointer.startsWith("/")) return undefined;
  let at = document;
  for (const token of pointer.slice(1).split("/")) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
