import { size, text } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

/** Where browsers can put files. */
export const uploadSetting = record(
  {
    path: {
      kind: text("PATH", "give a path such as /upload"),
      required: true,
      doc: "The path that forms with files are posted to.",
    },
    folder: {
      kind: text("DIR", "give the name of a directory"),
      required: true,
      doc: "The directory that their files are put into.",
    },
    maxFileBytes: {
      kind: size(1, 2 ** 50),
      default: "5GiB",
      doc: "Bytes of one file.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** Uploads as somebody wrote them. */
export type UploadDraft = Values<typeof uploadSetting.members>;

/** Uploads, complete. */
export interface UploadSettings {
  readonly path: string;
  readonly folder: string;
  readonly maxFileBytes?: number;
}
