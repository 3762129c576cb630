/** Signs requests to S3 with AWS Signature Version 4, by WebCrypto. */

/** Who signs, and for which region. */
export interface Signer {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

/** What is signed. `url` has its path and query encoded as S3 wants them: see `encode`. */
interface Signed {
  readonly method: string;
  readonly url: URL;
  readonly body: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** The header fields by which a request is signed. */
export async function sign(
  { method, url, body }: Signed,
  { accessKey, secretKey, region }: Signer,
  now: Date,
): Promise<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, ""), day = time.slice(0, 8);
  const hash = hex(await crypto.subtle.digest("SHA-256", body));
  const fields = { host: url.host, "x-amz-content-sha256": hash, "x-amz-date": time };
  const names = Object.keys(fields).join(";");
  const canonical = [
    method,
    url.pathname,
    sorted(url.search),
    ...Object.entries(fields).map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hash,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, hex(await digest(canonical))].join("\n");
  let key: BufferSource = encoder.encode(`AWS4${secretKey}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = hex(await hmac(key, text));
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { "x-amz-content-sha256": hash, "x-amz-date": time, authorization };
}

/** A path with every character encoded but those that S3 leaves as they are. */
export function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** A name or value of a query; `encodeURIComponent` alone leaves some as they are that S3 does not. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${hex(encoder.encode(sign)).toUpperCase()}`,
  );
}

/** The query in the order that is signed; a name alone has an empty value. */
function sorted(search: string): string {
  return search.slice(1).split("&").filter((pair) => pair !== "")
    .map((pair) => pair.includes("=") ? pair : `${pair}=`).sort().join("&");
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", encoder.encode(text));
}

async function hmac(key: BufferSource, text: string): Promise<ArrayBuffer> {
  const kind = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, kind, false, ["sign"]);
  return await crypto.subtle.sign("HMAC", imported, encoder.encode(text));
}

function hex(bytes: ArrayBuffer | Uint8Array): string {
  return new Uint8Array(bytes).toHex();
}
