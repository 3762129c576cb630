import { text } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

/** Logins for a part of a web site. */
export const protectSetting = record(
  {
    path: {
      kind: text("PATH", "give a path such as /admin"),
      doc: "What needs a login: this path and all below it. Default: all of the site.",
    },
    file: {
      kind: text("FILE", "give the name of a file that htdigest or passwd keeps"),
      doc: "The users.",
    },
    perDirectory: {
      kind: text("NAME", "give a name such as .htpasswd"),
      doc: "Files of this name, too: each for its directory below a root, and all inside.",
    },
    realm: {
      kind: text("REALM", "give the realm of the users"),
      doc: "What clients are told the password is for. Default: meerkat.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** Logins for a part of a web site, complete. */
export type ProtectSettings = Readonly<Values<typeof protectSetting.members>>;

/** The logins that are complete, with their files where they are. */
export function protectionsOf(
  drafts: readonly (ProtectSettings | undefined)[],
  fileAt: (given: string) => string,
): ProtectSettings[] {
  return drafts.flatMap((draft) =>
    draft === undefined
      ? []
      : [{ ...draft, ...draft.file !== undefined && { file: fileAt(draft.file) } }]
  );
}
