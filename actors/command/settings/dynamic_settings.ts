import { dictionary } from "./dictionary.ts";
import { count, duration, list, size, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

const DAY_MS = 86_400_000;

/** Which files are run as scripts. */
export const cgiSetting = record(
  {
    pattern: {
      kind: text("PATTERN", "give a pattern such as **.cgi$"),
      required: true,
      doc: "The paths that are run and not shown: ? * ** | $ as in **.cgi$|/cgi-bin/.",
    },
    interpreter: {
      kind: text("FILE", "give the name of a program"),
      doc: "What runs them in place of their first line; then they need not be executable.",
    },
    variables: {
      kind: dictionary(text("VALUE", "give text that is not empty"), {
        fits: (name) => /^[A-Za-z_]\w*$/.test(name),
        right: "give the name of a variable, such as LANG",
      }),
      doc: "Variables of all scripts beside those of CGI and PATH.",
    },
    timeout: {
      kind: duration(1, DAY_MS),
      default: "60s",
      doc: "How long a script may take, its answer included.",
    },
    maxOutputBytes: {
      kind: size(1, 2 ** 40),
      default: "64MiB",
      doc: "Bytes that a script may answer with.",
    },
    maxRunning: {
      kind: count(1, 10_000),
      default: 32,
      doc: "Scripts that run at once.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** Which pages hold server-side includes. */
export const ssiSetting = record(
  {
    pattern: {
      kind: text("PATTERN", "give a pattern such as **.shtml$"),
      default: "**.shtml$|**.shtm$",
      doc: "The paths of pages that may include others.",
    },
    exec: {
      kind: yesOrNo(),
      default: false,
      doc: "Whether pages may run the commands that are listed.",
    },
    commands: {
      kind: list(text("COMMAND", "give a command line such as date -u")),
      doc:
        "Command lines that pages may run, each exactly as it stands there; no shell reads them.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** Scripts and pages as somebody wrote them. */
type CgiDraft = Values<typeof cgiSetting.members>;
type SsiDraft = Values<typeof ssiSetting.members>;

/** Scripts, complete. */
export interface CgiSettings {
  readonly pattern: string;
  readonly interpreter?: string | undefined;
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
  readonly maxOutputBytes?: number | undefined;
  readonly maxRunning?: number | undefined;
}

/** Pages with includes, complete. */
export interface SsiSettings {
  readonly pattern?: string | undefined;
  readonly exec?: boolean | undefined;
  readonly commands?: readonly string[] | undefined;
}

/**
 * Both, complete. An interpreter's name without a slash is left for the system to look up in PATH.
 */
export function resolveDynamic(
  { cgi, ssi }: { cgi?: CgiDraft | undefined; ssi?: SsiDraft | undefined },
  fileAt: (given: string) => string,
): { cgi?: CgiSettings; ssi?: SsiSettings } {
  const { pattern, interpreter, timeout: timeoutMs, ...scripts } = cgi ?? {};
  const { commands, ...pages } = ssi ?? {};
  const by = interpreter && /[/\\]/.test(interpreter) ? fileAt(interpreter) : interpreter;
  return {
    ...pattern !== undefined && {
      cgi: {
        pattern,
        ...scripts,
        ...by !== undefined && { interpreter: by },
        ...timeoutMs !== undefined && { timeoutMs },
      },
    },
    ...ssi && {
      ssi: { ...pages, ...commands && { commands: commands.flatMap((each) => each ?? []) } },
    },
  };
}
