import { isIP } from "node:net";
import { formatAddress } from "./address.ts";

/** A header of the PROXY protocol, version 1 or 2, as HAProxy specifies them. */
export interface ProxyHeader {
  /** Its length in bytes. */
  readonly length: number;
  /** The client, as `host:port`; undefined when the proxy speaks for itself. */
  readonly client: string | undefined;
}

/** Version 1 has at most 107 bytes with its line end. */
const MAX_LINE = 107;
/** Version 2: addresses, and whatever else the proxy wants to tell; 2 KiB is far more than any does. */
const MAX_BLOCK = 2048;

const signature = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
const decoder = new TextDecoder("latin1");

/** Reads the header that `bytes` begin with; undefined while it is not whole. Throws when there is none. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length === 0) return undefined;
  return bytes[0] === 0x50 ? readLine(bytes) : readBlock(bytes);
}

function readLine(bytes: Uint8Array): ProxyHeader | undefined {
  const text = decoder.decode(bytes.subarray(0, MAX_LINE)), end = text.indexOf("\r\n");
  if (!"PROXY ".startsWith(text.slice(0, 6))) throw fault("it does not begin with PROXY");
  if (end < 0) {
    if (bytes.length >= MAX_LINE) throw fault("its line is too long");
    return undefined;
  }
  const length = end + 2, line = text.slice(0, end);
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { length, client: undefined };
  const found = /^PROXY TCP([46]) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (\d{1,5}) (\d{1,5})$/.exec(line);
  const [, family, host = "", target = "", ...ports] = found ?? [];
  // Access lists let in who has no IP address: what is none must not come as far as that.
  const fits = [host, target].every((each) => isIP(each) === Number(family)) &&
    ports.every((port) => Number(port) <= 65535);
  if (!fits) throw fault("its line cannot be read");
  return { length, client: formatAddress(shortest(host), Number(ports[0])) };
}

function readBlock(bytes: Uint8Array): ProxyHeader | undefined {
  for (let i = 0; i < Math.min(signature.length, bytes.length); i++) {
    if (bytes[i] !== signature[i]) throw fault("it has no signature");
  }
  if (bytes.length < 16) return undefined;
  const kind = bytes[12]!, family = bytes[13]!, size = bytes[14]! << 8 | bytes[15]!;
  if (kind !== 0x20 && kind !== 0x21) throw fault("its version or command is unknown");
  if (size > MAX_BLOCK) throw fault(`it has ${size} bytes, at most ${MAX_BLOCK} are taken`);
  if (bytes.length < 16 + size) return undefined;
  const length = 16 + size, body = bytes.subarray(16, length);
  // LOCAL: a check of the proxy's own. Families other than TCP by IP name nobody.
  if (kind === 0x20 || (family !== 0x11 && family !== 0x21)) return { length, client: undefined };
  const width = family === 0x11 ? 4 : 16;
  if (size < 2 * width + 4) throw fault("its addresses are cut off");
  const port = body[2 * width]! << 8 | body[2 * width + 1]!;
  return { length, client: formatAddress(hostOf(body.subarray(0, width)), port) };
}

function hostOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  const text = groups.map((group) => group.toString(16)).join(":");
  return shortest(text);
}

/** An address in its one form (RFC 5952); IPv4 that is mapped into IPv6 as such. */
function shortest(host: string): string {
  if (!host.includes(":")) return host;
  const text = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  return [high, low].flatMap((each) => [parseInt(each, 16) >> 8, parseInt(each, 16) & 255]).join(
    ".",
  );
}

function fault(why: string): Error {
  return new Error(`Cannot read the PROXY header: ${why}`);
}
