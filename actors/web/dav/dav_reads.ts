import { formatDate } from "../../../protocols/http/messages/date.ts";
import {
  document,
  emptyOf,
  isLive,
  liveProperties,
  propertyResponse,
  propfindResponse,
  readPropertyUpdate,
  readPropfind,
} from "../../../protocols/web/dav/dav.ts";
import { mediaTypeOf } from "../../../protocols/web/media_types.ts";
import { tagOf } from "../files/file_answer.ts";
import {
  type DavRequest,
  type DavState,
  defaults,
  hrefOf,
  keyOfNames,
  readXml,
  status,
} from "./dav_request.ts";

/** PROPFIND and PROPPATCH (RFC 4918 §9.1, §9.2). */
export class DavReads {
  readonly #state: DavState;

  constructor(state: DavState) {
    this.#state = state;
  }

  async propfind({ request, names, now, rights }: DavRequest): Promise<Response> {
    const { tree, properties, locks, prefix } = this.#state;
    const xml = await readXml(request);
    if (typeof xml === "number") return status(xml);
    const asked = xml === undefined ? "all" : readPropfind(xml);
    if (asked === undefined) return status(400);
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    const depth = request.headers.get("depth") ?? "infinity";
    if (depth !== "0" && depth !== "1") {
      // A whole tree could be endless (RFC 4918 §9.1).
      return multistatus(403, document("error", "<D:propfind-finite-depth/>"));
    }
    const all = [names];
    if (depth === "1" && found.isDirectory) {
      for (const name of await tree.list(names)) all.push([...names, name]);
    }
    const parts: string[] = [];
    let length = 0;
    const propertiesOf = properties.reader();
    for (const each of all) {
      const there = await tree.find(each);
      if (there === undefined) continue;
      if (each !== names && await rights?.mayRead(each) === false) continue;
      const path = keyOfNames(each), time = new Date(there.time);
      const live = liveProperties({
        ...there,
        type: mediaTypeOf(each.at(-1) ?? ""),
        etag: tagOf(there),
        modified: formatDate(there.time),
        created: time.toISOString(),
        locks: locks.of(path, now),
      }, now);
      const href = hrefOf(prefix, each, there.isDirectory);
      const part = propfindResponse(href, asked, live, await propertiesOf(each, there));
      length += part.length;
      if (length > defaults.answerLength) return status(507);
      parts.push(part);
    }
    return multistatus(207, document("multistatus", parts.join("")));
  }

  async proppatch(asked: DavRequest): Promise<Response> {
    const { request, names, path, now } = asked;
    const { tree, properties, locks, prefix } = this.#state;
    const xml = await readXml(request);
    const changes = typeof xml === "object" ? readPropertyUpdate(xml) : undefined;
    if (changes === undefined) return status(xml === 413 ? 413 : 400);
    const found = await tree.find(names);
    if (found === undefined) return status(404);
    if (!locks.allows(path, asked, false, now)) return status(423);
    const live = changes.filter(({ property }) => isLive(property));
    const rest = changes.filter(({ property }) => !isLive(property));
    const shown = (of: typeof changes) => of.map(({ property }) => emptyOf(property)).join("");
    const groups = new Map<number, string>();
    if (live.length > 0) groups.set(403, shown(live)).set(424, shown(rest));
    else groups.set(await properties.change(names, found, changes) ? 200 : 507, shown(changes));
    const href = hrefOf(prefix, names, found.isDirectory);
    return multistatus(207, document("multistatus", propertyResponse(href, groups)));
  }
}

function multistatus(code: number, body: string): Response {
  const headers = { "content-type": "application/xml; charset=utf-8" };
  return new Response(body, { status: code, headers });
}
