/** 128 levels: deeper than any naming scheme, and the trie is still shallow enough to walk. */
const MAX_LEVELS = 128;

/** Why a topic name is not one, or undefined when it is (MQTT 5.0 §4.7). */
export function faultOfTopic(topic: string, maxLevels = MAX_LEVELS): string | undefined {
  return faultOfBoth(topic, maxLevels) ??
    (/[+#]/.test(topic) ? `Cannot publish to "${shown(topic)}": it has a wildcard` : undefined);
}

/** Why a topic filter is not one, or undefined when it is (MQTT 5.0 §4.7.1). */
export function faultOfFilter(filter: string, maxLevels = MAX_LEVELS): string | undefined {
  const fault = faultOfBoth(filter, maxLevels);
  if (fault !== undefined) return fault;
  if (!/[+#]/.test(filter)) return undefined;
  const levels = filter.split("/");
  for (const [index, level] of levels.entries()) {
    if (level.length > 1 && /[+#]/.test(level)) {
      return `Cannot subscribe to "${shown(filter)}": a wildcard must fill its level`;
    }
    if (level === "#" && index < levels.length - 1) {
      return `Cannot subscribe to "${shown(filter)}": "#" must be the last level`;
    }
  }
  return undefined;
}

function faultOfBoth(text: string, maxLevels: number): string | undefined {
  if (text.length === 0) return "Cannot use an empty topic: at least one character is needed";
  if (text.includes("\0")) return `Cannot use "${shown(text)}": it has a NUL character`;
  const levels = levelsOf(text);
  if (levels > maxLevels) {
    return `Cannot use a topic of ${levels} levels: the limit is ${maxLevels}`;
  }
  return undefined;
}

/** What each level of a filter takes in the tree of all of them, in bytes. */
const LEVEL_BYTES = 64;
/** Levels of usual filters; each beyond counts as many times, for all who publish as deep walk it. */
const USUAL_LEVELS = 16;

/** What a subscription to a filter takes, in bytes. */
export function filterBytes(filter: string): number {
  const levels = levelsOf(filter), deep = Math.max(0, levels - USUAL_LEVELS);
  return filter.length + LEVEL_BYTES * (levels + deep * USUAL_LEVELS);
}

/** How many levels a topic or filter has. */
export function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) levels++;
  return levels;
}

/** A topic as error messages show it: cut, because the peer chose its length. */
function shown(topic: string): string {
  const clean = topic.length > 64 ? `${topic.slice(0, 64)}…` : topic;
  return clean.replaceAll("\0", "\\0");
}

/** True for topics that only the gateway itself publishes to. */
export function isReserved(topic: string): boolean {
  return topic.charCodeAt(0) === 0x24 && /^\$(?:SYS|presence|clients)(?:\/|$)/.test(topic);
}

/** True for topics that say how things are at the moment, and so must not survive a restart. */
export function isMomentary(topic: string): boolean {
  return topic.charCodeAt(0) === 0x24 && /^\$(?:SYS|presence)(?:\/|$)/.test(topic);
}

/**
 * True when `filter` (valid) selects `topic`; wildcards do not select `$` topics (MQTT-4.7.2-1).
 */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/"), given = topic.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= given.length || (level !== "+" && level !== given[index])) return false;
  }
  return wanted.length === given.length;
}

/** The path of a topic or filter below `/topics/`: `a/b c` is `a/b%20c`. */
export function topicToPath(topic: string): string {
  return topic.split("/").map(encodeURIComponent).join("/");
}

/** The topic or filter of a path below `/topics/`, or undefined when its encoding is broken. */
export function pathToTopic(path: string): string | undefined {
  try {
    return path.includes("%") ? path.split("/").map(decodeURIComponent).join("/") : path;
  } catch {
    return undefined;
  }
}
