/** The name and value of a header field. */
export type Field = readonly [name: string, value: string];

/** A request, as far as scripts are told of it. */
interface CgiRequest {
  readonly method: string;
  readonly url: URL;
  readonly fields: Iterable<Field>;
  /** The address of the client, without its port. */
  readonly address: string;
  readonly clientPort?: number | undefined;
  /** Who asks, when that has been found out. */
  readonly user?: string | undefined;
}

/** The script that a request is for. */
interface CgiScript {
  readonly root: string;
  readonly file: string;
  /** The path that stands for the script, still encoded or not: as it is shown to clients. */
  readonly name: string;
  /** What stands behind it in the path, decoded; "" or text that begins with `/`. */
  readonly pathInfo: string;
}

/** Fields that have a name of their own, that are the server's business, or are secrets (RFC 3875 §4.1.18). */
const LEFT_OUT = new Set([
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "proxy",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The variables of a script (RFC 3875 §4.1). */
export function cgiEnvironment(request: CgiRequest, script: CgiScript): Record<string, string> {
  const { method, url, address, clientPort, user } = request,
    { root, file, name, pathInfo } = script;
  const secure = url.protocol === "https:";
  const variables: Record<string, string> = {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_SOFTWARE: "meerkat",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_NAME: url.hostname,
    SERVER_PORT: url.port || (secure ? "443" : "80"),
    REQUEST_METHOD: method,
    REQUEST_URI: url.pathname + url.search,
    REQUEST_SCHEME: secure ? "https" : "http",
    QUERY_STRING: url.search.slice(1),
    SCRIPT_NAME: name,
    SCRIPT_FILENAME: file,
    DOCUMENT_ROOT: root,
    REMOTE_ADDR: address,
    REMOTE_HOST: address,
    // php-cgi runs nothing without it.
    REDIRECT_STATUS: "200",
  };
  if (clientPort !== undefined) variables.REMOTE_PORT = String(clientPort);
  if (secure) variables.HTTPS = "on";
  if (user !== undefined) variables.REMOTE_USER = user;
  if (pathInfo !== "") {
    variables.PATH_INFO = pathInfo;
    variables.PATH_TRANSLATED = root.replace(/[/\\]$/, "") + pathInfo;
  }
  for (const [field, value] of request.fields) {
    const lower = field.toLowerCase();
    if (lower === "content-type") variables.CONTENT_TYPE = value;
    if (lower === "content-length" && /^\d+$/.test(value)) variables.CONTENT_LENGTH = value;
    // `X_A` would pass for `X-A`, and `HTTP_PROXY` for a setting of the script's own client.
    if (LEFT_OUT.has(lower) || !/^[a-z\d-]+$/.test(lower)) continue;
    variables[`HTTP_${lower.toUpperCase().replaceAll("-", "_")}`] = value;
  }
  return variables;
}
