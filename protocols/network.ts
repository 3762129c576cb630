/** The IP address in `127.0.0.1:50112` or `[::1]:50112`; an IPv4 address that is mapped, as such. */
export function hostOf(address: string): string {
  const bare = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}

/**
 * Where somebody comes from, as one: the host, or the first half of an IPv6 address, since the rest
 * is the client's to choose (RFC 4291 §2.5.4).
 */
export function networkOf(address: string): string {
  const host = hostOf(address);
  if (!/^[\da-f:]*:[\da-f:]*(%|$)/i.test(host)) return host;
  const [head = "", tail] = host.split("::"), groups = head === "" ? [] : head.split(":");
  // "1::2" has as many zeros in its middle as are missing.
  const rest = tail === undefined ? 0 : tail.split(":").length;
  while (groups.length < Math.min(4, 8 - rest)) groups.push("0");
  if (groups.length < 4) groups.push(...tail!.split(":"));
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}
