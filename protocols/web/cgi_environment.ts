import { CONNECTION_FIELDS } from "./forwarding.ts";

/** The name and value of a header field. */
export type Field = readonly [name: string, value: string];

/** A request, as far as scripts get to know it. */
interface CgiRequest {
  readonly method: string;
  readonly url: URL;
  readonly fields: Iterable<Field>;
  /** The address of the client, without its port. */
  readonly address: string;
  readonly clientPort?: number | undefined;
  /** The name of the user, where that is known. */
  readonly user?: string | undefined;
}

/** The script that answers a request. */
interface CgiScript {
  readonly root: string;
  readonly file: string;
  /** The path of the script, as clients have it. */
  readonly name: string;
  /** What follows that in the path, decoded: "", or a text that begins with `/`. */
  readonly pathInfo: string;
}

/**
 * Fields that do not become `HTTP_…`: they have a variable of their own, concern only the server,
 * or are secrets (RFC 3875 §4.1.18).
 */
const LEFT_OUT = new Set([
  ...CONNECTION_FIELDS,
  "authorization",
  "content-length",
  "content-type",
  "expect",
  "proxy",
  "proxy-authorization",
]);

/** The environment variables for a script (RFC 3875 §4.1). */
export function cgiEnvironment(request: CgiRequest, script: CgiScript): Record<string, string> {
  const { method, url, address, clientPort, user } = request;
  const { root, file, name, pathInfo } = script;
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
    // `X_A` could not be told from `X-A`, nor the field Proxy from the variable HTTP_PROXY.
    if (LEFT_OUT.has(lower) || !/^[a-z\d-]+$/.test(lower)) continue;
    variables[`HTTP_${lower.toUpperCase().replaceAll("-", "_")}`] = value;
  }
  return variables;
}
