import type { Lock } from "./locks.ts";
import { elementsOf, escapeXml, formatXml, type XmlElement } from "./xml.ts";

const DAV = "DAV:";

/** 4,096 characters of a lock's owner, a name or address that is kept as long as the lock. */
const OWNER_LENGTH = 4096;

/** What the server itself knows of a resource: the source of its live properties. */
interface LiveResource {
  readonly isDirectory: boolean;
  readonly size: number;
  readonly type: string;
  readonly etag: string;
  /** When it was changed, as an HTTP date, and created, as a date of RFC 3339. */
  readonly modified: string;
  readonly created: string;
  readonly locks: readonly Lock[];
}

/** What a PROPFIND asks for: the names of all properties, all properties, or certain ones. */
type PropfindRequest = "names" | "all" | readonly XmlElement[];

/** One change of a PROPPATCH. */
export interface PropertyChange {
  readonly property: XmlElement;
  readonly remove: boolean;
}

/** What a LOCK asks for. */
interface LockRequest {
  readonly exclusive: boolean;
  readonly owner: string;
}

/** The name of a property with its namespace, as a key of maps. */
export function keyOf({ namespace, name }: XmlElement): string {
  return `{${namespace}}${name}`;
}

function named(key: string): Pick<XmlElement, "namespace" | "name"> {
  const end = key.lastIndexOf("}");
  return { namespace: key.slice(1, end), name: key.slice(end + 1) };
}

/** Reads the body of a PROPFIND (RFC 4918 §14.20). */
export function readPropfind(root: XmlElement): PropfindRequest | undefined {
  if (keyOf(root) !== "{DAV:}propfind") return undefined;
  for (const each of elementsOf(root)) {
    const key = keyOf(each);
    if (key === "{DAV:}allprop") return "all";
    if (key === "{DAV:}propname") return "names";
    if (key === "{DAV:}prop") return elementsOf(each);
  }
  return undefined;
}

/** Reads the body of a PROPPATCH: changes in their order (RFC 4918 §14.19). */
export function readPropertyUpdate(root: XmlElement): PropertyChange[] | undefined {
  if (keyOf(root) !== "{DAV:}propertyupdate") return undefined;
  const changes: PropertyChange[] = [];
  for (const each of elementsOf(root)) {
    const remove = keyOf(each) === "{DAV:}remove";
    if (!remove && keyOf(each) !== "{DAV:}set") continue;
    for (const prop of elementsOf(each).filter((inner) => keyOf(inner) === "{DAV:}prop")) {
      for (const property of elementsOf(prop)) changes.push({ property, remove });
    }
  }
  return changes.length > 0 ? changes : undefined;
}

/** Reads the body of a LOCK (RFC 4918 §14.11). */
export function readLockInfo(root: XmlElement): LockRequest | undefined {
  if (keyOf(root) !== "{DAV:}lockinfo") return undefined;
  const parts = new Map(elementsOf(root).map((each) => [keyOf(each), each]));
  const inside = (key: string) => elementsOf(parts.get(key) ?? root).map(keyOf);
  const exclusive = inside("{DAV:}lockscope").includes("{DAV:}exclusive");
  if (!exclusive && !inside("{DAV:}lockscope").includes("{DAV:}shared")) return undefined;
  if (!inside("{DAV:}locktype").includes("{DAV:}write")) return undefined;
  const owner = parts.get("{DAV:}owner");
  const text = owner === undefined ? "" : formatXml(owner);
  return text.length > OWNER_LENGTH ? undefined : { exclusive, owner: text };
}

/** The live properties of a resource as XML, by their keys. */
export function liveProperties(of: LiveResource, now: number): Map<string, string> {
  const scopes = ["exclusive", "shared"].map((scope) =>
    `<D:lockentry><D:lockscope><D:${scope}/></D:lockscope>` +
    "<D:locktype><D:write/></D:locktype></D:lockentry>"
  ).join("");
  const known: [string, string][] = [
    ["resourcetype", of.isDirectory ? "<D:collection/>" : ""],
    ["creationdate", of.created],
    ["getlastmodified", of.modified],
    ["supportedlock", scopes],
    ["lockdiscovery", of.locks.map((lock) => activeLock(lock, now)).join("")],
  ];
  if (!of.isDirectory) {
    known.push(["getcontentlength", String(of.size)], ["getcontenttype", escapeXml(of.type)]);
    known.push(["getetag", escapeXml(of.etag)]);
  }
  return new Map(
    known.map(([name, value]) => [`{DAV:}${name}`, `<D:${name}>${value}</D:${name}>`]),
  );
}

/** True for properties that only the server may set (RFC 4918 §15). */
export function isLive(property: XmlElement): boolean {
  return property.namespace === DAV && property.name !== "displayname";
}

function activeLock(lock: Lock, now: number): string {
  const seconds = Math.max(0, Math.ceil((lock.ends - now) / 1000));
  return `<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>` +
    `<D:${lock.exclusive ? "exclusive" : "shared"}/></D:lockscope>` +
    `<D:depth>${lock.deep ? "infinity" : "0"}</D:depth>${lock.owner}` +
    `<D:timeout>Second-${seconds}</D:timeout>` +
    `<D:locktoken><D:href>${escapeXml(lock.token)}</D:href></D:locktoken>` +
    `<D:lockroot><D:href>${escapeXml(lock.href)}</D:href></D:lockroot></D:activelock>`;
}

/** The answer to a LOCK. */
export function lockAnswer(lock: Lock, now: number): string {
  return document("prop", `<D:lockdiscovery>${activeLock(lock, now)}</D:lockdiscovery>`);
}

/** A document of WebDAV, with this root element. */
export function document(root: string, inside: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<D:${root} xmlns:D="DAV:">${inside}</D:${root}>\n`;
}

/** The answer to a PROPFIND for one resource; `dead` are properties that clients have set. */
export function propfindResponse(
  href: string,
  request: PropfindRequest,
  live: ReadonlyMap<string, string>,
  dead: ReadonlyMap<string, string>,
): string {
  const found: string[] = [], missing: string[] = [];
  if (request === "all") {
    found.push(...live.values(), ...dead.values());
  } else if (request === "names") {
    found.push(...[...live.keys()].map((key) => `<D:${key.slice(6)}/>`));
    found.push(...[...dead.keys()].map((key) => emptyOf(named(key))));
  } else {
    for (const each of request) {
      const value = live.get(keyOf(each)) ?? dead.get(keyOf(each));
      if (value === undefined) missing.push(emptyOf(each));
      else found.push(value);
    }
  }
  return propertyResponse(href, new Map([[200, found.join("")], [404, missing.join("")]]));
}

/** One resource of a multistatus, with its properties by their statuses. */
export function propertyResponse(href: string, groups: ReadonlyMap<number, string>): string {
  const shown = [...groups].filter(([, inside]) => inside !== "");
  if (shown.length === 0) shown.push([200, ""]);
  const stats = shown.map(([status, inside]) =>
    `<D:propstat><D:prop>${inside}</D:prop><D:status>HTTP/1.1 ${status} ${PHRASES[status]}` +
    "</D:status></D:propstat>"
  ).join("");
  return `<D:response><D:href>${escapeXml(href)}</D:href>${stats}</D:response>\n`;
}

const PHRASES: Readonly<Record<number, string>> = {
  200: "OK",
  403: "Forbidden",
  404: "Not Found",
  424: "Failed Dependency",
  507: "Insufficient Storage",
};

/** A property without its value. */
export function emptyOf({ namespace, name }: Pick<XmlElement, "namespace" | "name">): string {
  return formatXml({ namespace, name, attributes: [], children: [] });
}
