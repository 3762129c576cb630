import type { Fields } from "../http/message.ts";

/**
 * Why a web page may not open a WebSocket here, or undefined when it may.
 *
 * Browsers let every page open a WebSocket to every server, so a page on the web could use the
 * gateway on its visitor's own machine (RFC 6455 §10.2). Without an `Origin` it is not a browser.
 * Otherwise the origin must be listed in `allowed` (`*` is all), be on the loopback, or be on the
 * host that the request is for. `null` must be listed: a sandboxed frame of any page sends it.
 */
export function faultOfOrigin(
  fields: Fields,
  { address, allowed }: { address: string; allowed: readonly string[] },
): string | undefined {
  const origin = fields.get("origin");
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin)) return undefined;
  const page = hostOf(origin);
  if (page !== undefined) {
    if (isLoopback(page)) return undefined;
    const here = hostOf(`http://${fields.get("host") ?? ""}`);
    if (page === here && (isAddress(here) || !isRebindable(fields, address))) return undefined;
  }
  return `Cannot open a WebSocket for a page of ${origin}: list that origin to allow it`;
}

/** An attacker can point his own name at the loopback, and page and host then agree. */
function isRebindable(fields: Fields, address: string): boolean {
  const proxied = fields.has("x-forwarded-for") || fields.has("forwarded") || fields.has("via");
  return !proxied && /^(127\.|\[::1\]|\[::ffff:127\.)/.test(address);
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).hostname || undefined;
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" ||
    /^127(\.\d+){3}$/.test(host);
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host);
}
