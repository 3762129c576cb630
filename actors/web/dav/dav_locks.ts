import { lockAnswer, readLockInfo } from "../../../protocols/web/dav/dav.ts";
import { isHeldBy } from "../../../protocols/web/dav/locks.ts";
import {
  type DavRequest,
  type DavState,
  defaults,
  hrefOf,
  keyOfNames,
  readXml,
  status,
} from "./dav_request.ts";

/** LOCK and UNLOCK (RFC 4918 §9.10, §9.11). */
export class DavLocks {
  readonly #state: DavState;

  constructor(state: DavState) {
    this.#state = state;
  }

  async lock(asked: DavRequest): Promise<Response> {
    const { request, names, path, user, now } = asked;
    const { tree, locks, prefix } = this.#state;
    const xml = await readXml(request);
    if (typeof xml === "number") return status(xml);
    const lasts = timeoutOf(request.headers.get("timeout"));
    if (xml === undefined) {
      const held = locks.of(path, now).find((lock) => isHeldBy(lock, asked));
      if (held === undefined) return status(412);
      return locked(200, lockAnswer(locks.refresh(held, lasts, now), now));
    }
    const wish = readLockInfo(xml), depth = request.headers.get("depth") ?? "infinity";
    if (wish === undefined || !/^(?:0|infinity)$/i.test(depth)) return status(400);
    const found = await tree.find(names);
    const place = found === undefined ? await tree.place(names) : found.file;
    if (typeof place === "number") return status(place);
    const token = `urn:uuid:${crypto.randomUUID()}`;
    const href = hrefOf(prefix, names, found?.isDirectory ?? false);
    const deep = depth !== "0", ends = now + lasts;
    const lock = { ...wish, token, path, href, deep, lasts, ends, user };
    // A new file changes the directory that it is in.
    const around = keyOfNames(names.slice(0, -1));
    if (found === undefined && !locks.allows(around, asked, false, now)) return status(423);
    const outcome = locks.add(lock, now);
    if (outcome !== "locked") return status(outcome === "taken" ? 423 : 507);
    // Locking what is not there makes it (RFC 4918 §7.3).
    try {
      if (found === undefined) await tree.write(place, () => Promise.resolve());
    } catch (error) {
      locks.remove(token);
      throw error;
    }
    return locked(found === undefined ? 201 : 200, lockAnswer(lock, now), `<${token}>`);
  }

  unlock({ request, path, user, now }: DavRequest): Response {
    const { locks } = this.#state;
    const token = /^\s*<([^<>]+)>\s*$/.exec(request.headers.get("lock-token") ?? "")?.[1];
    if (token === undefined) return status(400);
    const found = locks.of(path, now).find((lock) => lock.token === token);
    if (found === undefined) return status(409);
    if (!isHeldBy(found, { tokens: new Set([token]), user })) return status(403);
    locks.remove(token);
    return status(204);
  }
}

function timeoutOf(field: string | null): number {
  const seconds = /Second-(\d{1,10})/i.exec(field ?? "")?.[1];
  return seconds === undefined
    ? defaults.lockMs
    : Math.min(Number(seconds) * 1000, defaults.lockMs);
}

function locked(code: number, body: string, token?: string): Response {
  const headers = new Headers({ "content-type": "application/xml; charset=utf-8" });
  if (token !== undefined) headers.set("lock-token", token);
  return new Response(body, { status: code, headers });
}
