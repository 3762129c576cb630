import { size, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

/** Which files can be changed by WebDAV. */
export const davSetting = record(
  {
    root: {
      kind: text("DIR", "give the name of a directory"),
      doc: "The directory whose files can be changed; without it every request of WebDAV fails.",
    },
    prefix: {
      kind: text("PATH", "give a path such as /dav"),
      doc: "The path that stands for it. Default: /, beside the files of the site.",
    },
    auth: {
      kind: text("FILE", "give a file of users, or - to let everybody in"),
      doc: "The file of users who may, as htdigest or passwd keep it, or - for everybody; " +
        "without it every request of WebDAV fails.",
    },
    realm: {
      kind: text("NAME", "give the realm of the file"),
      doc: "What clients are told the password is for. Default: meerkat.",
    },
    dotfiles: {
      kind: yesOrNo(),
      doc: "Whether names that begin with a dot can be used. Default: false.",
    },
    maxFileBytes: {
      kind: size(1, 2 ** 50),
      default: "5GiB",
      doc: "Bytes of one file.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** WebDAV as somebody set it. */
export type DavSettings = Readonly<Values<typeof davSetting.members>>;
