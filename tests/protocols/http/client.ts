import type { HttpOptions } from "../../../protocols/http/options.ts";
import { http, type HttpSession } from "../../../protocols/http/session.ts";
import { bytes, FakeSpace, join, Stage } from "../fakes.ts";

/** One answer, as a client understands it. */
export interface Answered {
  status: number;
  fields: Record<string, string>;
  body: string;
}

/** The noon of a day in May. */
export const NOON = Date.UTC(2026, 4, 5, 12);

/** A stage with an HTTP session on it. */
export function stage(options: HttpOptions = {}, space = new FakeSpace()): Stage<HttpSession> {
  const opened = new Stage(
    (wire, hub) => http(options)(wire, hub, NOON) as HttpSession,
    space,
  );
  opened.now = NOON;
  return opened;
}

/** A request as text, for HTTP/1.1 unless `line` says otherwise. */
export function request(line: string, fields: Record<string, string> = {}, body = ""): string {
  const version = / HTTP\/\d\.\d$/.test(line) ? "" : " HTTP/1.1";
  let text = `${line}${version}\r\nHost: meerkat\r\n`;
  for (const [name, value] of Object.entries(fields)) text += `${name}: ${value}\r\n`;
  if (body !== "") text += `Content-Length: ${bytes(body).length}\r\n`;
  return `${text}\r\n${body}`;
}

/** Sends one request and takes its answer. */
export function ask(
  on: Stage<HttpSession>,
  line: string,
  fields: Record<string, string> = {},
  body = "",
): Answered {
  on.feed(request(line, fields, body));
  const found = answers(on.take(), line.startsWith("HEAD "));
  if (found.length !== 1) throw new Error(`${found.length} answers to ${line}`);
  return found[0]!;
}

/** All answers in what a session sent; a body is as long as its head says, or lasts to the end. */
export function answers(sent: Uint8Array, bodyless = false): Answered[] {
  const found: Answered[] = [];
  let rest = Array.from(sent, (byte) => String.fromCharCode(byte)).join("");
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`Not a whole head: ${rest}`);
    const [statusLine, ...lines] = rest.slice(0, end).split("\r\n");
    rest = rest.slice(end + 4);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine!)![1]);
    const fields = Object.fromEntries(
      lines.map((line) => /^([^:]+): (.*)$/.exec(line)!.slice(1) as [string, string]),
    );
    let length = Number(fields["content-length"] ?? (fields.connection ? rest.length : 0));
    let body: string | undefined;
    if (bodyless || status < 200 || status === 204 || status === 304) length = 0;
    else if (fields["transfer-encoding"] === "chunked") [body, length] = unchunk(rest);
    if (length > rest.length) throw new Error(`A body of ${rest.length}, not ${length} bytes`);
    found.push({ status, fields, body: utf8(body ?? rest.slice(0, length)) });
    rest = rest.slice(length);
  }
  return found;
}

/** The statuses of all answers sent so far. */
export function statuses(on: Stage<HttpSession>): number[] {
  return answers(on.take()).map(({ status }) => status);
}

/** Content and length of a chunked body, which may break off. */
function unchunk(text: string): [body: string, length: number] {
  let body = "", at = 0;
  while (at < text.length) {
    const [line, digits] = /^([0-9a-f]+)\r\n/.exec(text.slice(at)) as unknown as [string, string];
    const size = parseInt(digits, 16);
    at += line.length;
    if (size === 0) return [body, text.indexOf("\r\n\r\n", at - 2) + 4];
    body += text.slice(at, at + size);
    at += size + 2;
  }
  return [body, at];
}

function utf8(binary: string): string {
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

/** Text and bytes as one input. */
export function input(...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return join(parts.map((part) => typeof part === "string" ? bytes(part) : part));
}
