/** Media types by the extensions of files, without the dot. */
const types: Readonly<Record<string, string>> = {
  aac: "audio/aac",
  avif: "image/avif",
  bin: "application/octet-stream",
  bmp: "image/bmp",
  css: "text/css;charset=utf-8",
  csv: "text/csv;charset=utf-8",
  eot: "application/vnd.ms-fontobject",
  epub: "application/epub+zip",
  flac: "audio/flac",
  gif: "image/gif",
  gz: "application/gzip",
  htm: "text/html;charset=utf-8",
  html: "text/html;charset=utf-8",
  ico: "image/x-icon",
  ics: "text/calendar;charset=utf-8",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript;charset=utf-8",
  json: "application/json",
  jsonld: "application/ld+json",
  m4a: "audio/mp4",
  map: "application/json",
  md: "text/markdown;charset=utf-8",
  mid: "audio/midi",
  mjs: "text/javascript;charset=utf-8",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  mpeg: "video/mpeg",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  ogv: "video/ogg",
  opus: "audio/opus",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  rtf: "application/rtf",
  shtm: "text/html;charset=utf-8",
  shtml: "text/html;charset=utf-8",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  ts: "text/plain;charset=utf-8",
  ttf: "font/ttf",
  txt: "text/plain;charset=utf-8",
  wasm: "application/wasm",
  wav: "audio/wav",
  weba: "audio/webm",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xhtml: "application/xhtml+xml",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};

/** Media types by extensions with their dots, such as `.conf`, in place of the usual ones. */
type TypeOverrides = Readonly<Record<string, string>>;

/** The media type of a file, by the extension of its name. */
export function mediaTypeOf(name: string, overrides: TypeOverrides = {}): string {
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  const own = Object.hasOwn(overrides, `.${extension}`) ? overrides[`.${extension}`] : undefined;
  if (own !== undefined) return own;
  return Object.hasOwn(types, extension) ? types[extension]! : "application/octet-stream";
}

/** True for types whose bytes become clearly shorter by compression. */
export function isCompressible(type: string): boolean {
  return /^(?:text\/|application\/(?:json|javascript|xml|wasm|yaml|rtf|x-tar|manifest|vnd\.ms-font)|image\/(?:svg|bmp|x-icon)|font\/[ot]tf|[^;]*\+(?:json|xml))/i
    .test(type);
}
