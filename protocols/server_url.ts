/** The server that a URL names. */
export interface NamedServer {
  /** The URL with another scheme, which `URL` knows. */
  readonly url: URL;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads what follows `scheme://` in the URL of a server: `HOST[:PORT][/PATH][?QUERY]`. `like` is the
 * scheme to read it by, because `URL` reads hosts as such only in schemes that it knows; `port` is
 * that of a URL without one. Throws a `TypeError` whose message says what would be right.
 */
export function parseServer(
  rest: string,
  { like, port, example }: { like: "http" | "https"; port: number; example: string },
): NamedServer {
  const url = URL.parse(`${like}://${rest}`);
  if (url === null || url.hostname === "") throw new TypeError(`give a host, as in ${example}`);
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("a URL shows to others: give the user and the password apart from it");
  }
  // `URL` leaves out a port that is the usual one of `like`.
  const named = /:(\d+)$/.exec(/^[^/?#]*/.exec(rest)![0])?.[1];
  return {
    url,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: named === undefined ? port : Number(named),
  };
}
