import { size, text } from "./kinds.ts";
import { record, type Setting } from "./record.ts";

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

/** Uploads, complete. */
export interface UploadSettings {
  readonly path: string;
  readonly folder: string;
  readonly maxFileBytes?: number;
}
