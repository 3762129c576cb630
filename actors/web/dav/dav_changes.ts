import { preconditions } from "../../../protocols/http/topics/conditions.ts";
import { isBelow } from "../../../protocols/web/dav/locks.ts";
import { tagOf } from "../files/file_answer.ts";
import type { Found } from "../files/file_root.ts";
import { mayAll } from "./dav_guard.ts";
import { type DavRequest, type DavState, keyOfNames, Refused, status } from "./dav_request.ts";

/** MKCOL, PUT, DELETE, COPY and MOVE (RFC 4918 §9). */
export class DavChanges {
  readonly #state: DavState;

  constructor(state: DavState) {
    this.#state = state;
  }

  async change(asked: DavRequest): Promise<Response> {
    try {
      const { method } = asked.request;
      if (method === "MKCOL") return await this.#mkcol(asked);
      if (method === "PUT") return await this.#put(asked);
      if (method === "DELETE") return await this.#delete(asked);
      return await this.#transfer(asked);
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === "ENOSPC" || code === "EDQUOT") return status(507);
      // Somebody else was faster.
      if (error instanceof Deno.errors.AlreadyExists) return status(409);
      if (error instanceof Refused) return status(error.status);
      throw error;
    }
  }

  async #mkcol(asked: DavRequest): Promise<Response> {
    const { names, request } = asked;
    const body = request.body?.getReader();
    const first = await body?.read();
    await body?.cancel();
    if (first?.value?.byteLength) return status(415);
    if (await this.#state.tree.find(names)) return status(405);
    const place = await this.#state.tree.place(names);
    if (typeof place === "number") return status(place);
    if (!this.#allows(names, asked, false, true)) return status(423);
    await Deno.mkdir(place);
    return status(201);
  }

  async #put(asked: DavRequest): Promise<Response> {
    const { names, request, isDirectory } = asked, { tree, maxFileBytes } = this.#state;
    const found = await tree.find(names);
    if (found?.isDirectory || isDirectory) return status(405);
    const place = await tree.place(names);
    if (typeof place === "number") return status(place);
    if (!this.#allows(names, asked, false, found === undefined)) return status(423);
    const conditional = { method: "PUT", fields: request.headers };
    if (preconditions(conditional, found, asked.now, tagOf)) return status(412);
    const range = contentRangeOf(request.headers.get("content-range"), found);
    if (typeof range === "number") return status(range);
    if (range !== undefined && range.start + range.length > maxFileBytes) return status(413);
    // A file of this name that was removed outside of WebDAV has left its properties behind.
    if (found === undefined) await this.#state.properties.forget(names);
    await tree.write(place, async (file) => {
      if (range !== undefined) await file.seek(range.start, Deno.SeekMode.Start);
      const most = range?.length ?? maxFileBytes;
      let size = 0;
      for await (const chunk of request.body ?? []) {
        size += chunk.byteLength;
        if (size > most) throw new Refused(range === undefined ? 413 : 400);
        for (let at = 0; at < chunk.byteLength;) at += await file.write(chunk.subarray(at));
      }
      if (range !== undefined && size < range.length) throw new Refused(400);
      request.signal.throwIfAborted();
      // Somebody may have locked it meanwhile.
      const still = { ...asked, now: Date.now() };
      if (!this.#allows(names, still, false, found === undefined)) throw new Refused(423);
    }, range && found?.file);
    return status(found === undefined ? 201 : 204);
  }

  async #delete(asked: DavRequest): Promise<Response> {
    const { names, request } = asked, { tree } = this.#state;
    const depth = request.headers.get("depth") ?? "infinity";
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    const place = await tree.place(names);
    if (typeof place === "number") return status(place);
    if (found.isDirectory && !/^infinity$/i.test(depth)) return status(400);
    const { rights } = asked;
    if (rights && !await mayAll(tree, { names, found }, (each) => rights.mayWrite(each))) {
      return status(403);
    }
    if (!this.#allows(names, asked, true, true)) return status(423);
    await tree.remove(place);
    if (!found.isDirectory) await this.#state.properties.forget(names);
    this.#state.locks.forget(asked.path);
    return status(204);
  }

  /** COPY or MOVE. */
  async #transfer(asked: DavRequest): Promise<Response> {
    const { names, request } = asked, { tree, properties, locks } = this.#state;
    const moves = request.method === "MOVE", depth = request.headers.get("depth") ?? "infinity";
    const given = request.headers.get("destination");
    if (given === null || !URL.canParse(given, request.url)) return status(400);
    const url = new URL(given, request.url);
    if (url.host !== new URL(request.url).host) return status(502);
    const target = this.#state.namesOf(url);
    if (target === undefined || await asked.rights?.mayWrite(target) === false) return status(403);
    const from = keyOfNames(names), to = keyOfNames(target);
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    // A copy into itself would never end, and a directory cannot be replaced by what is in it.
    if (from === to || isBelow(to, from) || isBelow(from, to)) return status(403);
    const [source, place] = [await tree.place(names), await tree.place(target)];
    if (typeof source === "number") return status(source);
    if (typeof place === "number") return status(place);
    const there = await tree.find(target);
    if (there !== undefined && /^f$/i.test(request.headers.get("overwrite") ?? "")) {
      return status(412);
    }
    if (!await this.#mayTransfer(asked, { found, target, there })) return status(403);
    const allowed = this.#allows(target, asked, true, there === undefined) &&
      (!moves || this.#allows(names, asked, true, true));
    if (!allowed) return status(423);
    const own = await properties.reader()(names, found);
    if (moves) await tree.move(source, place);
    else await tree.copy(found.file, place, depth !== "0");
    // Locks stay where they were made, and end with what they were made for (RFC 4918 §7.5, §7.6).
    if (moves) locks.forget(from);
    locks.forget(to);
    // A file that replaces a directory, or the other way round, finds nothing of its predecessor's.
    if (found.isDirectory) await properties.forget(target);
    if (moves && !found.isDirectory) await properties.forget(names);
    if (!await properties.give(target, found, own)) return status(507);
    return status(there === undefined ? 201 : 204);
  }

  /**
   * Whether rules allow all of the source to be taken, and all of the target to be replaced by it.
   */
  async #mayTransfer(
    { names, request, rights }: DavRequest,
    { found, target, there }: { found: Found; target: readonly string[]; there: Found | undefined },
  ): Promise<boolean> {
    if (rights === undefined) return true;
    const { tree } = this.#state, moves = request.method === "MOVE";
    if (!moves && request.headers.get("depth") === "0") found = { ...found, isDirectory: false };
    const mayGo = async (each: readonly string[]) =>
      await rights.mayRead(each) &&
      await rights.mayWrite([...target, ...each.slice(names.length)]) &&
      (!moves || await rights.mayWrite(each));
    return await mayAll(tree, { names, found }, mayGo) && (there === undefined ||
      await mayAll(tree, { names: target, found: there }, (each) => rights.mayWrite(each)));
  }

  /** Whether locks allow a change; `member` if the directory around it gains or loses a member. */
  #allows(
    names: readonly string[],
    asked: DavRequest,
    tree: boolean,
    member: boolean,
  ): boolean {
    const { locks } = this.#state;
    const around = keyOfNames(names.slice(0, -1));
    return locks.allows(keyOfNames(names), asked, tree, asked.now) &&
      (!member || locks.allows(around, asked, false, asked.now));
  }
}

/** Where a part of a file goes; it cannot leave a gap. */
function contentRangeOf(
  field: string | null,
  found: Found | undefined,
): { start: number; length: number } | undefined | 400 | 416 {
  if (field === null) return undefined;
  const [, first, last] = /^bytes (\d{1,15})-(\d{1,15})\/(?:\d{1,15}|\*)$/.exec(field) ?? [];
  const start = Number(first), end = Number(last);
  if (first === undefined || end < start) return 400;
  return start > (found?.size ?? 0) ? 416 : { start, length: end - start + 1 };
}
