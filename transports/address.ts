import type { Address } from "./transport.ts";

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An address as `host:port`, or `[host]:port` for IPv6; IPv4 that is mapped into IPv6 as IPv4. */
export function formatAddress(host: string, port: number): string {
  if (!host.includes(":")) return `${host}:${port}`;
  const v4 = mapped.exec(host)?.[1];
  return v4 === undefined ? `[${host}]:${port}` : `${v4}:${port}`;
}

/** What `formatAddress` made, taken apart; undefined when it is something else. */
export function parseAddress(text: string): Address | undefined {
  const colon = text.lastIndexOf(":");
  const host = bareHost(text.slice(0, colon));
  const digits = text.slice(colon + 1);
  if (host === "" || !/^\d{1,5}$/.test(digits) || Number(digits) > 65535) return undefined;
  return { host, port: Number(digits) };
}

/** A host as the system wants it: `[::1]` without its brackets. */
export function bareHost(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** Why listening at `where` failed, in words for whoever wrote the configuration. */
export function listenFault(where: string, error: unknown): Error {
  return new Error(`Cannot listen on ${where}: ${reason(error)}`, { cause: error });
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the address is in use, choose a free one";
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "no interface has this address, choose one of this machine's";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system forbids it, ports below 1024 and folders of others need a privilege";
  }
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist, make it first";
  const text = error instanceof Error ? error.message : String(error);
  return /^Invalid port/.test(text) ? "a port is a whole number from 0 to 65535" : text;
}
