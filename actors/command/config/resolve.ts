import type { RetainedTree } from "../../space/retained_tree.ts";
import { type AuthSettings, resolveAuth } from "../settings/auth_settings.ts";
import { coapOf } from "../settings/coap_settings.ts";
import { dnsOf } from "../settings/dns_settings.ts";
import type { LimitName } from "../settings/limits.ts";
import { areOnePort, isLocal, type ListenUrl } from "../settings/listen_url.ts";
import { mqttOf } from "../settings/mqtt_settings.ts";
import { Place } from "../settings/place.ts";
import { resolvePolicy } from "../settings/policy_settings.ts";
import {
  commandLine,
  configuration,
  type Draft,
  type ListenDraft,
  settings,
} from "../settings/settings.ts";
import { historyOf, type StoreSettings } from "../settings/store_settings.ts";
import type { TlsDraft } from "../settings/tls_settings.ts";
import { resolveWeb, type WebDraft, type WebSettings } from "../settings/web_settings.ts";
import { type BridgeSettings, resolveBridge } from "./bridges.ts";
import { resolveTls, type TlsSettings } from "./resolve_tls.ts";
import type { ListenSettings, NeededFile, Resolved } from "./resolved.ts";
import type { Sources } from "./sources.ts";

/** The scheme that has the same protocol over TLS. */
const encrypted: Record<string, string> = {
  "http": "https",
  "mqtt": "mqtts",
  "coap": "coaps+tcp",
  "coap+tcp": "coaps+tcp",
};

/** Reads what flags and file say, joins them, and checks what they say together. */
export function resolve(flags: Record<string, unknown>, sources: Sources): Resolved {
  const fromFile: Draft = sources.file
    ? configuration.read(sources.file.raw, new Place("", sources.reportFile)) ?? {}
    : {};
  const fromFlags = commandLine.read(flags, new Place("", sources.reportFlag)) ?? {};
  const tls = { ...fromFile.tls, ...fromFlags.tls };
  const web = { ...fromFile.web, ...fromFlags.web };
  const draft: Draft = { ...fromFile, ...fromFlags, tls, web };
  return new Resolver(draft, sources).resolve();
}

/** Settings that hold a value even when nothing was set. */
type Usual =
  | "data"
  | "durability"
  | "listen"
  | "allowAnonymous"
  | "sysInterval"
  | "presence"
  | "drain"
  | "logLevel"
  | "logFormat";

class Resolver {
  readonly #top: Place;
  readonly #files = new Map<string, NeededFile>();
  readonly #taken: ListenUrl[] = [];
  #tlsIsUsed = false;
  #shared: readonly AuthSettings[] | undefined;

  constructor(readonly draft: Draft, readonly sources: Sources) {
    this.#top = new Place("", sources.report);
  }

  resolve(): Resolved {
    this.#shared = this.#auth();
    const listen = this.#value("listen").flatMap((each, index) =>
      this.#listener(each, this.#top.member("listen").item(index)) ?? []
    );
    const { cert, key, ca, crl } = this.draft.tls ?? {};
    const idle = cert ?? key ?? ca ?? crl;
    if (idle !== undefined && !this.#tlsIsUsed) {
      const name = cert !== undefined
        ? "cert"
        : key !== undefined
        ? "key"
        : ca !== undefined
        ? "ca"
        : "crl";
      this.#top.member("tls").member(name)
        .refuse(idle, "no listener would use it; listen on https:, mqtts:, coaps+tcp: or any:");
    }
    return {
      settings: {
        listen,
        origins: this.draft.origins?.flatMap((each) => each ?? []) ?? [],
        webSocketCompression: this.draft.webSocketCompression ?? true,
        sysIntervalMs: this.#value("sysInterval"),
        presence: this.#value("presence"),
        bridges: this.#bridges(),
        store: this.#store(),
        ...this.draft.crossProxy &&
          { crossProxy: this.draft.crossProxy.flatMap((each) => each ?? []) },
        ...dnsOf(this.draft),
        drainMs: this.#value("drain"),
        logLevel: this.#value("logLevel"),
        logFormat: this.#value("logFormat"),
        limits: this.draft.limits ?? {},
        ...this.draft.policy &&
          { policy: resolvePolicy(this.draft.policy, this.#top.member("policy")) },
        ...this.draft.retainedTrees && { retainedTrees: treesOf(this.draft.retainedTrees) },
      },
      files: [...this.#files.values()],
    };
  }

  #store(): StoreSettings | undefined {
    const { draft } = this, given = this.#value("data"), place = this.#top.member("data");
    if (given === ":memory:") return undefined;
    const isUsual = draft.data === undefined;
    const file = isUsual ? given : this.sources.fileAt(place.path, given);
    return { file, isUsual, durability: this.#value("durability"), history: historyOf(draft) };
  }

  #bridges(): BridgeSettings[] {
    const place = this.#top.member("bridges");
    const names = new Set<string>();
    return (this.draft.bridges ?? []).flatMap((draft, index) => {
      const at = place.item(index), name = draft?.name;
      if (name !== undefined && names.has(name)) at.member("name").refuse(name, "it is taken");
      else if (name !== undefined) names.add(name);
      const file = this.#file.bind(this);
      return (draft && resolveBridge(draft, { place: at, file })) ?? [];
    });
  }

  /** What was set, or else the default. */
  #value<Name extends Usual>(name: Name): NonNullable<Draft[Name]> {
    const { kind, default: usual } = settings[name];
    return (this.draft[name] ?? kind.read(usual, this.#top.member(name))) as NonNullable<
      Draft[Name]
    >;
  }

  #listener(draft: ListenDraft | undefined, place: Place): ListenSettings | undefined {
    if (draft?.url === undefined) return undefined;
    const { url } = draft, other = this.#taken.find((each) => areOnePort(each, url));
    if (other !== undefined) place.refuse(url.url, `${other.url} is on this port already`);
    this.#taken.push(url);
    const tls = this.#tls(url, draft.tls, place);
    const allowAnonymous = draft.allowAnonymous ?? this.#value("allowAnonymous");
    // DNS has no logins.
    const shared = url.protocol === "dns" ? undefined : this.#shared;
    const auth = draft.auth ? this.#authOf(draft.auth, place) : shared;
    // A certificate that a client must show is its login.
    const asksForLogin = auth !== undefined || tls?.clientCertificates === "required";
    if (!allowAnonymous && !asksForLogin && !isLocal(url)) {
      place.report(place.path, {
        says: `Cannot listen on ${url.url}: whoever can reach it could connect without a login; ` +
          "give --password-file FILE to ask for one, --allow-anonymous to permit that, or listen on " +
          "127.0.0.1",
        code: 1,
      });
    }
    const limits = { ...this.draft.limits, ...draft.limits } as Partial<Record<LimitName, number>>;
    const mqtt = mqttOf(draft, this.draft), coap = coapOf(draft, this.draft);
    const groups = this.#groups(draft, place), web = this.#web(draft, place);
    const access = draft.access ?? this.draft.access, { proxyProtocol, trustedProxies } = draft;
    return {
      url,
      ...tls && { tls },
      ...auth && { auth },
      allowAnonymous,
      ...access !== undefined && { access },
      ...proxyProtocol !== undefined && { proxyProtocol },
      ...trustedProxies !== undefined && { trustedProxies },
      limits,
      mqtt,
      coap,
      ...groups && { groups },
      ...web && { web },
    };
  }

  /** How clients of all listeners log in. */
  #auth(): AuthSettings[] | undefined {
    const { passwordFile, auth } = this.draft;
    if (passwordFile === undefined && auth === undefined) return undefined;
    const found = auth ? this.#authOf(auth, this.#top) : [];
    if (passwordFile === undefined) return found;
    const file = this.#file(passwordFile, this.#top.member("passwordFile"), "users");
    return [{ type: "passwords", file }, ...found];
  }

  #authOf(drafts: NonNullable<Draft["auth"]>, place: Place): AuthSettings[] {
    return resolveAuth(drafts, { place: place.member("auth"), fileAt: this.#file.bind(this) });
  }

  #groups({ url, groups }: ListenDraft, place: Place): string[] | undefined {
    if (groups === undefined) return undefined;
    if (url?.scheme !== "coap") {
      return place.member("groups").complain(`Cannot join groups on ${url?.url}: use coap:`);
    }
    return groups.flatMap((each) => each ?? []);
  }

  #web({ url, web: own }: ListenDraft, place: Place): WebSettings | undefined {
    if (url?.protocol !== "http" && url?.protocol !== "any") {
      if (own === undefined) return undefined;
      return place.member("web").complain(`Cannot have a web site on ${url?.url}: use http:`);
    }
    const set: WebDraft = { ...this.draft.web, ...own };
    const placeOf = (name: keyof WebDraft) =>
      (own && name in own ? place.member("web") : this.#top.member("web")).member(name);
    const { root, rewrites, upload, dav, protect } = set;
    if (root !== undefined) this.#file(root, placeOf("root"), "files");
    if (upload?.folder) this.#file(upload.folder, placeOf("upload").member("folder"), "files");
    if (dav?.root !== undefined) this.#file(dav.root, placeOf("dav").member("root"), "files");
    if (dav?.auth && dav.auth !== "-") {
      this.#file(dav.auth, placeOf("dav").member("auth"), "logins");
    }
    for (const [index, each] of protect?.entries() ?? []) {
      const at = placeOf("protect").item(index);
      if (each?.file !== undefined) this.#file(each.file, at.member("file"), "logins");
      else if (each && (each.perDirectory === undefined || !(root ?? rewrites))) {
        at.complain('Missing "file", or "perDirectory" and a "root": without them nobody is asked');
      }
    }
    return resolveWeb(set, (name, given) => this.sources.fileAt(placeOf(name).path, given));
  }

  #tls(url: ListenUrl, own: TlsDraft | undefined, place: Place): TlsSettings | undefined {
    const { carrier, scheme, url: shown } = url;
    if (carrier !== "tls" && scheme !== "any") {
      if (own === undefined) return undefined;
      const other = Object.hasOwn(encrypted, scheme) ? `write ${encrypted[scheme]}:, or ` : "";
      return place.member("tls").complain(
        `Cannot use certificates for ${shown}, which has no TLS: ${other}leave "tls" out`,
      );
    }
    const shared = this.draft.tls ?? {}, top = this.#top.member("tls");
    // A certificate and its key belong together: both are the listener's own, or both are for all.
    const isOwnPair = own !== undefined && ("cert" in own || "key" in own);
    if (isOwnPair) return this.#certificates(own, place.member("tls"));
    this.#tlsIsUsed = true;
    if (own !== undefined) {
      const { ca: _ca, clientCertificates: _required, ...pair } = shared;
      return this.#certificates({ ...pair, ...own }, place.member("tls"), top);
    }
    if (Object.keys(shared).length > 0) return this.#certificates(shared, top);
    if (scheme === "any") return undefined;
    const right = 'it needs a certificate; give --cert FILE and --key FILE, or "tls" in the file';
    return place.refuse(shown, right);
  }

  #certificates(draft: TlsDraft, place: Place, pairPlace = place): TlsSettings | undefined {
    return resolveTls(draft, { place, pairPlace, file: this.#file.bind(this) });
  }

  #file(given: string, place: Place, holds: NeededFile["holds"], authority?: string): string {
    const name = this.sources.fileAt(place.path, given);
    this.#files.set(`${holds} ${name} ${authority}`, { place, name, holds, authority });
    return name;
  }
}

/** The limits that are complete; what is wrong with others has been reported. */
function treesOf(drafts: NonNullable<Draft["retainedTrees"]>): RetainedTree[] {
  return drafts.flatMap((each) =>
    each?.filter === undefined ? [] : { ...each, filter: each.filter }
  );
}
