import { isBelow } from "../../protocols/web/locks.ts";
import { preconditions } from "../../protocols/http/conditions.ts";
import { tagOf } from "./file_answer.ts";
import type { Found } from "./file_root.ts";
import { type DavRequest, type DavState, keyOfNames, status } from "./webdav.ts";

/** MKCOL, PUT, DELETE, COPY and MOVE (RFC 4918 §9). */
export class DavChanges {
  readonly #state: DavState;

  constructor(state: DavState) {
    this.#state = state;
  }

  async mkcol(asked: DavRequest): Promise<Response> {
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

  async put(asked: DavRequest): Promise<Response> {
    const { names, request, isDirectory } = asked, { tree } = this.#state;
    const found = await tree.find(names);
    if (found?.isDirectory || isDirectory) return status(405);
    const place = await tree.place(names);
    if (typeof place === "number") return status(place);
    if (!this.#allows(names, asked, false, found === undefined)) return status(423);
    const conditional = { method: "PUT", fields: request.headers };
    if (preconditions(conditional, found, asked.now, tagOf)) return status(412);
    const range = contentRangeOf(request.headers.get("content-range"), found);
    if (typeof range === "number") return status(range);
    await tree.write(place, async (file) => {
      if (range !== undefined && found !== undefined) {
        const old = await Deno.open(found.file);
        await old.readable.pipeTo(file.writable, { preventClose: true });
        await file.seek(range.start, Deno.SeekMode.Start);
      }
      let size = 0;
      for await (const chunk of request.body ?? []) {
        size += chunk.byteLength;
        if (range !== undefined && size > range.length) throw new RangeError("too long a part");
        for (let at = 0; at < chunk.byteLength;) at += await file.write(chunk.subarray(at));
      }
      request.signal.throwIfAborted();
    });
    return status(found === undefined ? 201 : 204);
  }

  async delete(asked: DavRequest): Promise<Response> {
    const { names, request } = asked, { tree } = this.#state;
    const depth = request.headers.get("depth") ?? "infinity";
    if (new URL(request.url).hash !== "") return status(400);
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    const place = await tree.place(names);
    if (typeof place === "number") return status(place);
    if (found.isDirectory && !/^infinity$/i.test(depth)) return status(400);
    if (!this.#allows(names, asked, true, true)) return status(423);
    await this.#remove(names, place);
    return status(204);
  }

  /** COPY or MOVE. */
  async transfer(asked: DavRequest): Promise<Response> {
    const { names, request } = asked, { tree, properties, locks } = this.#state;
    const moves = request.method === "MOVE", depth = request.headers.get("depth") ?? "infinity";
    const given = request.headers.get("destination");
    if (given === null || !URL.canParse(given, request.url)) return status(400);
    const url = new URL(given, request.url);
    if (url.host !== new URL(request.url).host) return status(502);
    const target = this.#state.namesOf(url);
    if (target === undefined) return status(403);
    const from = keyOfNames(names), to = keyOfNames(target);
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    // Into itself there is no end, and what holds the source cannot be replaced by it.
    if (from === to || isBelow(to, from) || isBelow(from, to)) return status(403);
    const [source, place] = [await tree.place(names), await tree.place(target)];
    if (typeof source === "number") return status(source);
    if (typeof place === "number") return status(place);
    const there = await tree.find(target);
    if (there !== undefined && /^f$/i.test(request.headers.get("overwrite") ?? "")) {
      return status(412);
    }
    const allowed = this.#allows(target, asked, true, there === undefined) &&
      (!moves || this.#allows(names, asked, true, true));
    if (!allowed) return status(423);
    if (there !== undefined) await this.#remove(target, place);
    if (moves) {
      await Deno.rename(source, place);
      locks.forget(from);
    } else await tree.copy(found.file, place, depth !== "0");
    properties.copy(from, to);
    if (moves) properties.forget(from);
    return status(there === undefined ? 201 : 204);
  }

  async #remove(names: readonly string[], place: string): Promise<void> {
    await this.#state.tree.remove(place);
    const path = keyOfNames(names);
    this.#state.properties.forget(path);
    this.#state.locks.forget(path);
  }

  /** Whether locks allow it; `member` when the directory around gains or loses it. */
  #allows(
    names: readonly string[],
    { tokens, now }: DavRequest,
    tree: boolean,
    member: boolean,
  ): boolean {
    const { locks } = this.#state;
    const around = keyOfNames(names.slice(0, -1));
    return locks.allows(keyOfNames(names), tokens, tree, now) &&
      (!member || locks.allows(around, tokens, false, now));
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
