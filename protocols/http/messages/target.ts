import { ProtocolError } from "../../session.ts";

/** A request target in its parts; with an `authority`, if it was absolute. */
export interface Target {
  path: string;
  query: string;
  authority?: string;
}

/** Splits a request target (RFC 9112 §3.2). `target` is visible ASCII without `#`. */
export function parseTarget(target: string, method: string): Target {
  if (target.charCodeAt(0) === 47) return split(target);
  if (target === "*" && method === "OPTIONS") return { path: "*", query: "" };
  // Absolute targets are meant for proxies, but servers must accept them (RFC 9112 §3.2.2).
  const found = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  if (found === null || !isHost(found[1]!)) {
    throw new ProtocolError(
      "Cannot read the request target: it must be a path that begins with /",
      400,
    );
  }
  const rest = found[2]!;
  return { ...split(rest.startsWith("/") ? rest : `/${rest}`), authority: found[1]! };
}

function split(target: string): Target {
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** True when `host` is a `uri-host [":" port]` (RFC 9110 §7.2), which may be empty. */
export function isHost(host: string): boolean {
  return /^(?:[-\w.~!$&'()*+,;=%]*|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/.test(host);
}
