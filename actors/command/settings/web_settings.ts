import { davSetting, type DavSettings } from "./dav_settings.ts";
import { dictionary } from "./dictionary.ts";
import {
  cgiSetting,
  type CgiSettings,
  resolveDynamic,
  ssiSetting,
  type SsiSettings,
} from "./dynamic_settings.ts";
import { type Kind, list, text, yesOrNo } from "./kinds.ts";
import { protectionsOf, protectSetting, type ProtectSettings } from "./protect_settings.ts";
import { proxiesOf, proxySetting, type ProxySettings } from "./proxy_settings.ts";
import { record, type Setting, type Values } from "./record.ts";
import { uploadSetting, type UploadSettings } from "./upload_settings.ts";

const type = text("TYPE", "give a media type such as text/plain");
const target = text("TARGET", "give a directory, a file, or where to redirect to");

const fieldValue: Kind<string> = {
  hint: "VALUE",
  read(raw, place) {
    const isValue = typeof raw === "string" && /^[\x20-\x7e\x80-\xff]*$/.test(raw);
    return isValue ? raw : place.refuse(raw, "give the text of a header field, in one line");
  },
  schema: () => ({ type: "string" }),
};

const members = {
  root: {
    flag: "root",
    kind: text("DIR", "give the name of a directory"),
    doc: "The directory whose files the web site shows; without it no file is touched.",
  },
  index: {
    only: "file",
    kind: list(text("NAME", "give the name of a file such as index.html")),
    doc: "Files that stand for their directory, the first that is there. " +
      "Default: index.html, index.htm, index.shtml.",
  },
  listing: {
    only: "file",
    kind: yesOrNo(),
    doc: "Whether a directory without such a file is listed. Default: false.",
  },
  hidden: {
    only: "file",
    kind: text("PATTERN", "give a pattern such as **.bak$"),
    doc: "Names, or whole paths, that nobody sees: ? * ** | $ as in **.bak$|/private/.",
  },
  dotfiles: {
    only: "file",
    kind: yesOrNo(),
    doc: "Whether names that begin with a dot are shown. Default: false, except .well-known.",
  },
  outsideLinks: {
    only: "file",
    kind: yesOrNo(),
    doc: "Whether symbolic links may lead out of the root. Default: false.",
  },
  compress: {
    only: "file",
    kind: yesOrNo(),
    doc: "Whether text is compressed for clients that take it. Default: true.",
  },
  types: {
    only: "file",
    kind: dictionary(type, {
      fits: (name) => /^\.[\w+-]+$/.test(name),
      right: "give an extension with its dot, such as .conf",
    }),
    doc: "Media types by the extensions of files.",
  },
  headers: {
    only: "file",
    kind: dictionary(fieldValue, {
      fits: (name) =>
        /^[\w-]+$/.test(name) &&
        !/^(?:content-length|transfer-encoding|connection|date)$/i.test(name),
      right: "give the name of a header field that the server does not set itself",
    }),
    doc: "Header fields of every answer of the site.",
  },
  errors: {
    only: "file",
    kind: dictionary(text("PATH", "give the path of a page on the site, such as /404.html"), {
      fits: (name) => /^[45]\d\d$/.test(name),
      right: "give a status from 400 to 599",
    }),
    doc: "Pages of the site that are shown for a status, such as 404.",
  },
  proxy: {
    only: "file",
    kind: list(proxySetting),
    doc: "Requests and WebSockets that other servers answer.",
  },
  upload: {
    only: "file",
    kind: uploadSetting,
    doc: "Where browsers can put files; nowhere without it.",
  },
  rewrites: {
    only: "file",
    kind: dictionary(target, {
      fits: (name) => /^(?:%\d{1,5}|@.+|\/.*)$/.test(name),
      right: "give a pattern of paths such as /docs, a host such as @example.com, or a port " +
        "such as %80",
    }),
    doc: "What stands where the path begins so, in place of the root: a directory or a file; " +
      "@HOST is the root of a host, and %PORT redirects a listener to a URL.",
  },
  protect: {
    only: "file",
    kind: list(protectSetting),
    doc: "Paths that need a login, and the files of their users.",
  },
  cgi: { only: "file", kind: cgiSetting, doc: "Files that are run as CGI scripts." },
  ssi: { only: "file", kind: ssiSetting, doc: "Pages with server-side includes." },
  dav: { only: "file", kind: davSetting, doc: "Files that can be changed by WebDAV." },
} as const satisfies Record<string, Setting<unknown>>;

/** A web site, for all listeners that speak HTTP or for one. */
export const webSetting = record(members);

/** A web site as somebody wrote it. */
export type WebDraft = Values<typeof members>;

/** A web site, complete. */
export interface WebSettings
  extends
    Readonly<Omit<WebDraft, "index" | "upload" | "dav" | "proxy" | "protect" | "cgi" | "ssi">> {
  readonly protect?: readonly ProtectSettings[];
  readonly cgi?: CgiSettings;
  readonly ssi?: SsiSettings;
  readonly dav?: DavSettings;
  readonly proxy?: readonly ProxySettings[];
  readonly index?: readonly string[];
  readonly upload?: UploadSettings;
}

/**
 * The web site, complete; undefined where nothing was set. `fileAt` finds the files that it names.
 */
export function resolveWeb(
  draft: WebDraft,
  fileAt: (name: keyof WebDraft, given: string) => string,
): WebSettings | undefined {
  if (Object.values(draft).every((each) => each === undefined)) return undefined;
  const { root, index, rewrites, upload, dav, proxy, protect, cgi, ssi, ...rest } = draft;
  const targets = Object.entries(rewrites ?? {}).map(([from, to]) =>
    [from, /^%/.test(from) || /^https?:\/\//.test(to) ? to : fileAt("rewrites", to)] as const
  );
  return {
    ...rest,
    ...root !== undefined && { root: fileAt("root", root) },
    ...index && { index: index.flatMap((each) => each ?? []) },
    ...upload?.path !== undefined && upload.folder !== undefined && {
      upload: { ...upload, path: upload.path, folder: fileAt("upload", upload.folder) },
    },
    ...resolveDynamic({ cgi, ssi }, (given) => fileAt("cgi", given)),
    ...dav && { dav: davWith(dav, (given) => fileAt("dav", given)) },
    ...proxy && { proxy: proxiesOf(proxy) },
    ...protect && { protect: protectionsOf(protect, (given) => fileAt("protect", given)) },
    ...rewrites && { rewrites: Object.fromEntries(targets) },
  };
}

function davWith(dav: DavSettings, fileAt: (given: string) => string): DavSettings {
  const { root, auth } = dav;
  return {
    ...dav,
    ...root !== undefined && { root: fileAt(root) },
    ...auth !== undefined && auth !== "-" && { auth: fileAt(auth) },
  };
}
