import { isIP } from "node:net";
import { formatAddress } from "./address.ts";

/** A header of the PROXY protocol, version 1 or 2, as HAProxy specifies them. */
interface ProxyHeader {
  /** Its length in bytes. */
  readonly length: number;
  /** The client, as `host:port`; undefined when the proxy speaks for itself. */
  readonly client: string | undefined;
}

/** Version 1 has at most 107 bytes with its line end. */
const MAX_LINE = 107;
/** Version 2 has addresses, and whatever else a proxy tells; 2 KiB are far more than any needs. */
const MAX_BLOCK = 2048;

/** With these bytes a header of version 2 begins. */
const signature = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
/** The signature, version and command, family, and the size of the rest: 12 + 1 + 1 + 2 bytes. */
const BLOCK_HEAD = 16;

/** Versions and commands (byte 12), and families with their transport (byte 13), that we know. */
const LOCAL = 0x20, PROXY = 0x21;
const TCP4 = 0x11, TCP6 = 0x21;

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
  // Access lists let in peers without an IP address, so nothing else may pass for one here.
  const fits = [host, target].every((each) => isIP(each) === Number(family)) &&
    ports.every((port) => Number(port) <= 65535);
  if (!fits) throw fault("its line cannot be read");
  return { length, client: formatAddress(shortest(host), Number(ports[0])) };
}

function readBlock(bytes: Uint8Array): ProxyHeader | undefined {
  for (let i = 0; i < Math.min(signature.length, bytes.length); i++) {
    if (bytes[i] !== signature[i]) throw fault("it has no signature");
  }
  if (bytes.length < BLOCK_HEAD) return undefined;
  const command = bytes[12]!, family = bytes[13]!, size = bytes[14]! << 8 | bytes[15]!;
  if (command !== LOCAL && command !== PROXY) {
    throw fault(`its version and command, 0x${command.toString(16)}, are unknown`);
  }
  if (size > MAX_BLOCK) throw fault(`it has ${size} bytes, at most ${MAX_BLOCK} are taken`);
  const length = BLOCK_HEAD + size;
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(BLOCK_HEAD, length);
  // LOCAL is a check by the proxy itself, and families other than TCP over IP name nobody.
  const hasClient = command === PROXY && (family === TCP4 || family === TCP6);
  if (!hasClient) return { length, client: undefined };
  const width = family === TCP4 ? 4 : 16;
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

/** An address in its canonical form (RFC 5952); IPv4 that is mapped into IPv6 as IPv4. */
function shortest(host: string): string {
  if (!host.includes(":")) return host;
  const text = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  const octets = [high, low].map((each) => parseInt(each, 16)).flatMap((v) => [v >> 8, v & 255]);
  return octets.join(".");
}

function fault(why: string): Error {
  return new Error(`Cannot read the PROXY header: ${why}`);
}
