import type { ProxyOptions } from "../../web/proxy/proxy.ts";
import { count, duration, list, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

const server = text(
  "URL",
  "give a URL such as http://127.0.0.1:8001/base",
  (url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ""),
);

const path = text("PATH", "give a path such as /healthz", (path) => path.startsWith("/"));

const healthSetting = record(
  {
    path: {
      kind: path,
      default: "/",
      doc: "What is asked for, below the path of the server.",
    },
    intervalMs: {
      kind: duration(1, 86_400_000, true),
      default: 30_000,
      doc: "From an answer to the next question.",
    },
    timeoutMs: {
      kind: duration(1, 3_600_000, true),
      default: 5_000,
      doc: "How long an answer may take.",
    },
    healthy: {
      kind: count(1, 1000),
      default: 1,
      doc: "Answers of 200 to 399 in a row that bring a server back.",
    },
    unhealthy: {
      kind: count(1, 1000),
      default: 1,
      doc: "Failures in a row after which a server is not asked.",
    },
  } as const satisfies Record<string, Setting<unknown>>,
);

/** Requests and WebSockets that other servers answer. */
export const proxySetting = record(
  {
    path: {
      kind: text("PATH", "give a path such as /api"),
      default: "/",
      doc: "What is passed on: this path and all below it, without it.",
    },
    to: { kind: list(server), required: true, doc: "The servers; the least busy is asked." },
    protocols: {
      kind: list(text("NAME", "give a subprotocol such as chat.v1")),
      doc: "Subprotocols of WebSockets that the servers speak.",
    },
    keepHost: {
      kind: yesOrNo(),
      default: false,
      doc: "Whether the servers are told the client's Host and not their own.",
    },
    trustForwarded: {
      kind: yesOrNo(),
      default: false,
      doc: "Whether Forwarded and X-Forwarded-... of the client are believed.",
    },
    connectTimeoutMs: { kind: duration(1, 3_600_000, true), default: 5_000, doc: "To connect." },
    answerTimeoutMs: {
      kind: duration(1, 3_600_000, true),
      default: 60_000,
      doc: "From the request until the head of the answer.",
    },
    health: {
      kind: healthSetting,
      doc: "Asks each server at intervals whether it is well.",
    },
  } as const satisfies Record<string, Setting<unknown>>,
);

/** What is passed on, as somebody wrote it. */
type ProxyDraft = Values<typeof proxySetting.members>;

/** What is passed on, complete. */
export interface ProxySettings extends Omit<ProxyOptions, "to" | "health"> {
  readonly to: readonly string[];
  readonly health?: Readonly<Values<typeof healthSetting.members>>;
  readonly protocols?: readonly string[];
}

/** The settings that are complete; what is wrong with others has been reported. */
export function proxiesOf(drafts: readonly (ProxyDraft | undefined)[]): ProxySettings[] {
  return drafts.flatMap((draft) => {
    const { to, protocols, ...rest } = draft ?? {};
    const servers = to?.flatMap((each) => each ?? []) ?? [];
    if (servers.length === 0) return [];
    const spoken = protocols?.flatMap((each) => each ?? []);
    return [{ ...rest as Omit<ProxySettings, "to" | "protocols">, to: servers, protocols: spoken }];
  });
}
