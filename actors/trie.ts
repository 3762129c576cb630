/** Splits a topic or filter into its levels. */
const split = (topic: string): string[] => topic.split("/");

interface Node<T> {
  children: Map<string, Node<T>> | undefined;
  value: T | undefined;
}

/** Values at topic names or filters: one map for each level that branches. */
export class Trie<T> {
  readonly #root: Node<T> = { children: undefined, value: undefined };
  #size = 0;

  /** Values stored. */
  get size(): number {
    return this.#size;
  }

  get(topic: string): T | undefined {
    let node: Node<T> | undefined = this.#root;
    for (const level of split(topic)) node = node?.children?.get(level);
    return node?.value;
  }

  set(topic: string, value: T): void {
    let node = this.#root;
    for (const level of split(topic)) {
      let next = node.children?.get(level);
      if (next === undefined) {
        next = { children: undefined, value: undefined };
        (node.children ??= new Map()).set(level, next);
      }
      node = next;
    }
    if (node.value === undefined) this.#size++;
    node.value = value;
  }

  /** Removes a value, and the levels that only led to it. */
  delete(topic: string): boolean {
    const levels = split(topic);
    const path: Node<T>[] = [this.#root];
    for (const level of levels) {
      const next = path.at(-1)!.children?.get(level);
      if (next === undefined) return false;
      path.push(next);
    }
    if (path.at(-1)!.value === undefined) return false;
    path.at(-1)!.value = undefined;
    this.#size--;
    for (let depth = levels.length; depth > 0; depth--) {
      const { value, children } = path[depth]!, parent = path[depth - 1]!;
      if (value !== undefined || children !== undefined) break;
      parent.children!.delete(levels[depth - 1]!);
      if (parent.children!.size === 0) parent.children = undefined;
    }
    return true;
  }

  /** Values whose key, read as a filter, selects `topic`. */
  selecting(topic: string): T[] {
    const found: T[] = [];
    // Wildcards at the first level do not select topics that begin with `$` (MQTT-4.7.2-1).
    collect(this.#root, split(topic), topic.startsWith("$") ? 1 : 0, 0, found);
    return found;
  }

  /** Values whose key, read as a topic, is selected by `filter`; what comes or goes meanwhile may show. */
  *selectedBy(filter: string): IterableIterator<T> {
    yield* walk(this.#root, split(filter), 0, true);
  }
}

function collect<T>(
  node: Node<T>,
  levels: string[],
  plainLevels: number,
  depth: number,
  found: T[],
): void {
  const { children } = node;
  const wild = depth >= plainLevels;
  // "a/#" selects "a" too (MQTT 5.0 §4.7.1.2).
  const hash = wild ? children?.get("#")?.value : undefined;
  if (hash !== undefined) found.push(hash);
  if (depth === levels.length) {
    if (node.value !== undefined) found.push(node.value);
    return;
  }
  if (children === undefined) return;
  const exact = children.get(levels[depth]!);
  if (exact !== undefined) collect(exact, levels, plainLevels, depth + 1, found);
  const plus = wild ? children.get("+") : undefined;
  if (plus !== undefined) collect(plus, levels, plainLevels, depth + 1, found);
}

function* walk<T>(
  node: Node<T>,
  levels: string[],
  depth: number,
  isTop = false,
): IterableIterator<T> {
  const level = levels[depth];
  if (level === undefined || level === "#") {
    if (node.value !== undefined) yield node.value;
    if (level === undefined) return;
  }
  if (node.children === undefined) return;
  if (level !== "+" && level !== "#") {
    const exact = node.children.get(level!);
    if (exact !== undefined) yield* walk(exact, levels, depth + 1);
    return;
  }
  for (const [name, child] of node.children) {
    if (isTop && name.startsWith("$")) continue;
    yield* walk(child, levels, level === "#" ? depth : depth + 1);
  }
}
