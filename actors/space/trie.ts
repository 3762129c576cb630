/** Levels that a search passes in vain before it says so: about a microsecond. */
const STRETCH = 16;

/** Splits a topic or filter into its levels. */
const split = (topic: string): string[] => topic.split("/");

/** One level. Most have one child at most, and a map of one is several times larger than the node. */
class Node<T> {
  value: T | undefined = undefined;
  #children: Node<T> | Map<string, Node<T>> | undefined = undefined;

  constructor(readonly level: string) {}

  get isLeaf(): boolean {
    return this.#children === undefined;
  }

  child(level: string): Node<T> | undefined {
    const children = this.#children;
    if (children instanceof Map) return children.get(level);
    return children?.level === level ? children : undefined;
  }

  grow(level: string): Node<T> {
    const next = new Node<T>(level), children = this.#children;
    if (children === undefined) this.#children = next;
    else if (children instanceof Map) children.set(level, next);
    else this.#children = new Map([[children.level, children], [level, next]]);
    return next;
  }

  prune(level: string): void {
    const children = this.#children;
    if (children instanceof Map && children.delete(level) && children.size > 0) return;
    this.#children = undefined;
  }

  *children(): IterableIterator<Node<T>> {
    const children = this.#children;
    if (children instanceof Map) yield* children.values();
    else if (children !== undefined) yield children;
  }
}

/** Values at topic names or filters: a node for each level. */
export class Trie<T> {
  /** Levels looked at to find what selects a topic, since the beginning. */
  looks = 0;
  readonly #root = new Node<T>("");
  #size = 0;

  /** Values stored. */
  get size(): number {
    return this.#size;
  }

  get(topic: string): T | undefined {
    let node: Node<T> | undefined = this.#root;
    for (const level of split(topic)) node = node?.child(level);
    return node?.value;
  }

  set(topic: string, value: T): void {
    let node = this.#root;
    for (const level of split(topic)) node = node.child(level) ?? node.grow(level);
    if (node.value === undefined) this.#size++;
    node.value = value;
  }

  /** Removes a value, and the levels that only led to it. */
  delete(topic: string): boolean {
    const path: Node<T>[] = [this.#root];
    for (const level of split(topic)) {
      const next = path.at(-1)!.child(level);
      if (next === undefined) return false;
      path.push(next);
    }
    if (path.at(-1)!.value === undefined) return false;
    path.at(-1)!.value = undefined;
    this.#size--;
    for (let depth = path.length - 1; depth > 0; depth--) {
      const { value, isLeaf, level } = path[depth]!;
      if (value !== undefined || !isLeaf) break;
      path[depth - 1]!.prune(level);
    }
    return true;
  }

  /** Values whose key, read as a filter, selects `topic`. */
  selecting(topic: string): T[] {
    const found: T[] = [];
    // Wildcards at the first level do not select topics that begin with `$` (MQTT-4.7.2-1).
    this.looks += collect(this.#root, split(topic), topic.startsWith("$") ? 1 : 0, 0, found);
    return found;
  }

  /**
   * Values whose key, read as a topic, is selected by `filter`. Changes meanwhile may show, or not.
   */
  *selectedBy(filter: string): IterableIterator<T> {
    for (const value of this.search(filter)) if (value !== undefined) yield value;
  }

  /** The same, and undefined now and then while there is none: who looks for them can pause there. */
  search(filter: string): IterableIterator<T | undefined> {
    return search(this.#root, split(filter), false);
  }

  /** All values, those of topics that begin with `$` included. */
  *values(): IterableIterator<T> {
    for (const value of search(this.#root, ["#"], true)) if (value !== undefined) yield value;
  }
}

/** Answers how many levels it has looked at. */
function collect<T>(
  node: Node<T>,
  levels: string[],
  plainLevels: number,
  depth: number,
  found: T[],
): number {
  const wild = depth >= plainLevels;
  // "a/#" selects "a" too (MQTT 5.0 §4.7.1.2).
  const hash = wild ? node.child("#")?.value : undefined;
  if (hash !== undefined) found.push(hash);
  if (depth === levels.length) {
    if (node.value !== undefined) found.push(node.value);
    return 1;
  }
  let looks = 1;
  const exact = node.child(levels[depth]!);
  if (exact !== undefined) looks += collect(exact, levels, plainLevels, depth + 1, found);
  const plus = wild ? node.child("+") : undefined;
  if (plus !== undefined) looks += collect(plus, levels, plainLevels, depth + 1, found);
  return looks;
}

/** Nodes that are next, of which those without wildcards lead on by `levels` from `depth`. */
interface Branch<T> {
  readonly nodes: Iterator<Node<T>>;
  readonly depth: number;
}

function* search<T>(
  root: Node<T>,
  levels: string[],
  isOfAll: boolean,
): IterableIterator<T | undefined> {
  const branches: Branch<T>[] = [{ nodes: [root].values(), depth: 0 }];
  for (let passed = 1; branches.length > 0; passed++) {
    const { nodes, depth } = branches.at(-1)!, next = nodes.next();
    if (passed % STRETCH === 0) yield undefined;
    if (next.done) {
      branches.pop();
      continue;
    }
    let at = depth, node: Node<T> | undefined = next.value;
    // Wildcards at the first level do not select topics that begin with `$` (MQTT-4.7.2-1).
    const isTop = branches.length === 2 && isWild(levels[0]!);
    if (isTop && !isOfAll && node.level.startsWith("$")) continue;
    for (; at < levels.length && !isWild(levels[at]!); at++) {
      node = node.child(levels[at]!);
      if (node === undefined) break;
    }
    if (node === undefined) continue;
    const level = levels[at];
    if (node.value !== undefined && (level === undefined || level === "#")) yield node.value;
    if (level === undefined || node.isLeaf) continue;
    branches.push({ nodes: node.children(), depth: level === "#" ? at : at + 1 });
  }
}

function isWild(level: string): boolean {
  return level === "+" || level === "#";
}
