import { type BridgeSettings, resolveBridge } from "./bridges.ts";
import { dnsOf, type DnsSettings } from "./dns_settings.ts";
import type { LogFormat, LogLevel } from "../log.ts";
import type { RetainedTree } from "../retained_tree.ts";
import type { LimitName, Limits } from "./limits.ts";
import { isLocal, type ListenUrl } from "./listen_url.ts";
import { mqttOf, type MqttSettings } from "./mqtt_settings.ts";
import { Place } from "./place.ts";
import { commandLine, configuration, type Draft, type ListenDraft, settings } from "./settings.ts";
import { resolveWeb, type WebDraft, type WebSettings } from "./web_settings.ts";
import type { Sources } from "./sources.ts";
import { historyOf, type StoreSettings } from "./store_settings.ts";

/** Everything that can be set, complete and free of contradictions. */
export interface Settings {
  readonly listen: readonly ListenSettings[];
  /** Origins of web pages that may use the gateway. */
  readonly origins: readonly string[];
  /** True when messages of WebSockets are compressed. */
  readonly webSocketCompression: boolean;
  /** 0 for never. */
  readonly sysIntervalMs: number;
  readonly bridges: readonly BridgeSettings[];
  /** Undefined when nothing survives a restart. */
  readonly store?: StoreSettings | undefined;
  /** Present when something was set about names. */
  readonly dns?: DnsSettings;
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** The limits that were set for the whole gateway. */
  readonly limits: Limits;
  /** Limits of parts of the topic space. */
  readonly retainedTrees?: readonly RetainedTree[];
}

/** One listener. */
export interface ListenSettings {
  readonly url: ListenUrl;
  /** Present when the listener can speak TLS. */
  readonly tls?: TlsSettings;
  /** True when clients may stay without a login, wherever they are. */
  readonly allowAnonymous: boolean;
  /** The limits that were set for this listener, or for all. */
  readonly limits: Limits;
  /** What was set of MQTT, for this listener or for all. */
  readonly mqtt: MqttSettings;
  /** Its web site, when it speaks HTTP and has one. */
  readonly web?: WebSettings;
}

/** Names of PEM files. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly clientCertificates: "none" | "optional" | "required";
}

/** A file that must be there for the gateway to start. */
export interface NeededFile {
  readonly place: Place;
  readonly name: string;
  readonly holds: "certificate" | "private key" | "password";
}

/** The settings, unless `sources` has heard of a fault; and the files they need. */
export interface Resolved {
  readonly settings: Settings;
  readonly files: readonly NeededFile[];
}

type TlsDraft = NonNullable<Draft["tls"]>;

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
  | "drain"
  | "logLevel"
  | "logFormat";

class Resolver {
  readonly #top: Place;
  readonly #files = new Map<string, NeededFile>();
  #tlsIsUsed = false;

  constructor(readonly draft: Draft, readonly sources: Sources) {
    this.#top = new Place("", sources.report);
  }

  resolve(): Resolved {
    const listen = this.#value("listen").flatMap((each, index) =>
      this.#listener(each, this.#top.member("listen").item(index)) ?? []
    );
    const { cert, key, ca } = this.draft.tls ?? {};
    const idle = cert ?? key ?? ca;
    if (idle !== undefined && !this.#tlsIsUsed) {
      const name = cert !== undefined ? "cert" : key !== undefined ? "key" : "ca";
      this.#top.member("tls").member(name)
        .refuse(idle, "no listener would use it; listen on https:, mqtts: or any:");
    }
    return {
      settings: {
        listen,
        origins: this.draft.origins?.flatMap((each) => each ?? []) ?? [],
        webSocketCompression: this.draft.webSocketCompression ?? true,
        sysIntervalMs: this.#value("sysInterval"),
        bridges: this.#bridges(),
        store: this.#store(),
        ...dnsOf(this.draft),
        drainMs: this.#value("drain"),
        logLevel: this.#value("logLevel"),
        logFormat: this.#value("logFormat"),
        limits: this.draft.limits ?? {},
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

  /** What was set, or what holds when nothing was. */
  #value<Name extends Usual>(name: Name): NonNullable<Draft[Name]> {
    const { kind, default: usual } = settings[name];
    return (this.draft[name] ?? kind.read(usual, this.#top.member(name))) as NonNullable<
      Draft[Name]
    >;
  }

  #listener(draft: ListenDraft | undefined, place: Place): ListenSettings | undefined {
    if (draft?.url === undefined) return undefined;
    const { url } = draft;
    const tls = this.#tls(url, draft.tls, place);
    const allowAnonymous = draft.allowAnonymous ?? this.#value("allowAnonymous");
    // A certificate that a client must show is its login.
    if (!allowAnonymous && !isLocal(url) && tls?.clientCertificates !== "required") {
      place.report(place.path, {
        says: `Cannot listen on ${url.url}: whoever can reach it could connect without a login; ` +
          "give --allow-anonymous to permit that, or listen on 127.0.0.1",
        code: 1,
      });
    }
    const limits = { ...this.draft.limits, ...draft.limits } as Partial<Record<LimitName, number>>;
    const mqtt = mqttOf(draft, this.draft), web = this.#web(draft, place);
    return { url, ...tls && { tls }, allowAnonymous, limits, mqtt, ...web && { web } };
  }

  #web({ url, web: own }: ListenDraft, place: Place): WebSettings | undefined {
    if (url?.protocol !== "http" && url?.protocol !== "any") {
      if (own === undefined) return undefined;
      return place.member("web").complain(`Cannot have a web site on ${url?.url}: use http:`);
    }
    const set: WebDraft = { ...this.draft.web, ...own };
    const fileAt = (name: keyof WebDraft, given: string) => {
      const at = own && name in own ? place.member("web") : this.#top.member("web");
      return this.sources.fileAt(at.member(name).path, given);
    };
    return resolveWeb(set, fileAt);
  }

  #tls(url: ListenUrl, own: TlsDraft | undefined, place: Place): TlsSettings | undefined {
    const { carrier, scheme, url: shown } = url;
    if (carrier !== "tls" && scheme !== "any") {
      if (own === undefined) return undefined;
      const secure = scheme === "http" || scheme === "mqtt" ? `write ${scheme}s:, or ` : "";
      return place.member("tls").complain(
        `Cannot use certificates for ${shown}, which has no TLS: ${secure}leave "tls" out`,
      );
    }
    if (own !== undefined) return this.#certificates(own, place.member("tls"));
    this.#tlsIsUsed = true;
    const shared = this.draft.tls ?? {};
    if (Object.keys(shared).length > 0) return this.#certificates(shared, this.#top.member("tls"));
    if (scheme === "any") return undefined;
    const right = 'it needs a certificate; give --cert FILE and --key FILE, or "tls" in the file';
    return place.refuse(shown, right);
  }

  #certificates(draft: TlsDraft, place: Place): TlsSettings | undefined {
    const { cert, key, ca } = draft;
    const clientCertificates = draft.clientCertificates ?? (ca === undefined ? "none" : "required");
    // One that is there and wrong has been complained about.
    if (cert === undefined) {
      if ("cert" in draft) return undefined;
      return place.complain('Missing the certificate: give --cert FILE, or "cert" in the file');
    }
    if (key === undefined) {
      if ("key" in draft) return undefined;
      return place.complain(
        'Missing the certificate\'s key: give --key FILE, or "key" in the file',
      );
    }
    if (ca === undefined && clientCertificates !== "none") {
      return place.member("clientCertificates").refuse(
        clientCertificates,
        'whose are good must be known; give --client-ca FILE, or "ca" in the file',
      );
    }
    return {
      cert: this.#file(cert, place.member("cert"), "certificate"),
      key: this.#file(key, place.member("key"), "private key"),
      ...ca !== undefined && { ca: this.#file(ca, place.member("ca"), "certificate") },
      clientCertificates,
    };
  }

  #file(given: string, place: Place, holds: NeededFile["holds"]): string {
    const name = this.sources.fileAt(place.path, given);
    this.#files.set(`${holds} ${name}`, { place, name, holds });
    return name;
  }
}

/** Those that are complete: what is wrong with the others has been said. */
function treesOf(drafts: NonNullable<Draft["retainedTrees"]>): RetainedTree[] {
  return drafts.flatMap((each) =>
    each?.filter === undefined ? [] : { ...each, filter: each.filter }
  );
}
