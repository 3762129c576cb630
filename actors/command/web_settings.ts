import { list, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

/** A web site, for all listeners that speak HTTP or for one. */
export const webSetting = record(
  {
    root: {
      flag: "root",
      kind: text("DIR", "give the name of a directory"),
      doc: "The directory whose files the web site shows; without it no file is touched.",
    },
    index: {
      only: "file",
      kind: list(text("NAME", "give the name of a file such as index.html")),
      doc: "Files that stand for their directory, the first that is there. " +
        "Default: index.html, index.htm, index.shtml.",
    },
    listing: {
      only: "file",
      kind: yesOrNo(),
      doc: "Whether a directory without such a file is listed. Default: false.",
    },
  } as const satisfies Record<string, Setting<unknown>>,
);

/** A web site as somebody wrote it. */
export type WebDraft = Values<typeof webSetting.members>;

/** A web site, complete. */
export interface WebSettings {
  readonly root?: string;
  readonly index?: readonly string[];
  readonly listing?: boolean;
}

/** The web site that was set, if any was; `fileAt` finds the files that it names. */
export function resolveWeb(
  draft: WebDraft,
  fileAt: (name: keyof WebDraft, given: string) => string,
): WebSettings | undefined {
  const { root, listing, index } = draft;
  if (Object.keys(draft).length === 0) return undefined;
  return {
    ...root !== undefined && { root: fileAt("root", root) },
    ...index && { index: index.flatMap((each) => each ?? []) },
    ...listing !== undefined && { listing },
  };
}
