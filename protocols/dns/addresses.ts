/** The four bytes of an IPv4 address; undefined for a text that is none. */
export function ipv4Bytes(text: string): Uint8Array | undefined {
  if (!/^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/.test(text)) return undefined;
  return Uint8Array.from(text.split("."), Number);
}

/** An IPv4 address as text. */
export function ipv4Text(bytes: Uint8Array): string {
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** The sixteen bytes of an IPv6 address; undefined for a text that is none. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  if (!/^[\da-f:.]+$/i.test(text) || !text.includes(":")) return undefined;
  const dotted = text.slice(text.lastIndexOf(":") + 1);
  let plain = text;
  if (dotted.includes(".")) {
    const four = ipv4Bytes(dotted);
    if (four === undefined) return undefined;
    const groups = [four[0]! << 8 | four[1]!, four[2]! << 8 | four[3]!];
    plain = text.slice(0, -dotted.length) + groups.map((each) => each.toString(16)).join(":");
  }
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head!.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head!, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(groups.flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  }));
}

/** An IPv6 address as text, in the canonical form of RFC 5952. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  let best = 0, length = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [best, length] = [at, end - at];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length === 1) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + length).join(":")}`;
}
