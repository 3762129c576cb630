/** Content-Formats and their media types (IANA, CoRE parameters). */
const table: readonly (readonly [format: number, mediaType: string])[] = [
  [0, "text/plain; charset=utf-8"],
  [16, 'application/cose; cose-type="cose-encrypt0"'],
  [17, 'application/cose; cose-type="cose-mac0"'],
  [18, 'application/cose; cose-type="cose-sign1"'],
  [21, "image/gif"],
  [22, "image/jpeg"],
  [23, "image/png"],
  [40, "application/link-format"],
  [41, "application/xml"],
  [42, "application/octet-stream"],
  [47, "application/exi"],
  [50, "application/json"],
  [51, "application/json-patch+json"],
  [52, "application/merge-patch+json"],
  [60, "application/cbor"],
  [61, "application/cwt"],
  [62, "application/multipart-core"],
  [63, "application/cbor-seq"],
  [96, 'application/cose; cose-type="cose-encrypt"'],
  [97, 'application/cose; cose-type="cose-mac"'],
  [98, 'application/cose; cose-type="cose-sign"'],
  [101, "application/cose-key"],
  [102, "application/cose-key-set"],
  [110, "application/senml+json"],
  [111, "application/sensml+json"],
  [112, "application/senml+cbor"],
  [113, "application/sensml+cbor"],
  [114, "application/senml-exi"],
  [115, "application/sensml-exi"],
  [256, "application/coap-group+json"],
  [310, "application/senml+xml"],
  [311, "application/sensml+xml"],
  [320, "application/senml-etch+json"],
  [322, "application/senml-etch+cbor"],
  [432, "application/td+json"],
  [606, "application/core-pubsub+cbor"],
  [10000, "application/vnd.ocf+cbor"],
  [10001, "application/oscore"],
  [11542, "application/vnd.oma.lwm2m+tlv"],
  [11543, "application/vnd.oma.lwm2m+json"],
  [11544, "application/vnd.oma.lwm2m+cbor"],
  [20000, "text/css"],
  [30000, "image/svg+xml"],
];

/** Common formats by name. */
export const Format = { text: 0, linkFormat: 40, json: 50, mergePatch: 52, pubsub: 606 } as const;

const typeByFormat = new Map(table);
const formatByType = new Map(table.map(([format, type]) => [plain(type), format]));

/** The media type of a format; for a number without one, the name that RFC 8075 §6.2 defines. */
export function mediaTypeOf(format: number): string {
  return typeByFormat.get(format) ?? `application/coap-payload;cf=${format}`;
}

/** The format of a media type, or undefined when it has no number. */
export function formatOf(mediaType: string): number | undefined {
  const type = plain(mediaType);
  const exact = formatByType.get(type);
  if (exact !== undefined) return exact;
  const end = type.indexOf(";");
  const name = end < 0 ? type : type.slice(0, end);
  if (name === "application/coap-payload") return unnamed(type);
  if (name === "text/plain") {
    // Format 0 is UTF-8, and so ASCII, too.
    return end < 0 || type.slice(end) === ";charset=us-ascii" ? Format.text : undefined;
  }
  return formatByType.get(name);
}

function unnamed(type: string): number | undefined {
  const digits = /^[^;]+;cf=(\d{1,5})$/.exec(type)?.[1];
  return digits === undefined || Number(digits) > 0xffff ? undefined : Number(digits);
}

/** A media type without what may differ between two spellings of it. */
function plain(mediaType: string): string {
  return mediaType.toLowerCase().replace(/[\s"]/g, "");
}
