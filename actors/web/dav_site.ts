import type { DavSettings } from "../command/dav_settings.ts";
import type { Policy } from "../identity/policy.ts";
import { checkDirectory } from "./file_root.ts";
import { files } from "./files.ts";
import type { WebPart } from "./part.ts";
import { protect } from "./protect.ts";
import { isUnder, withScope } from "./scope.ts";
import { webdav } from "./webdav.ts";

/** The parts of a site for WebDAV: what changes files, and what shows those that the site does not. */
export async function davParts(
  dav: DavSettings,
  site: { policy?: Pick<Policy, "mayUse"> | undefined },
): Promise<WebPart[]> {
  const { root, prefix = "", auth: users, realm, dotfiles = false, maxFileBytes } = dav;
  if (root !== undefined) await checkDirectory(root);
  const { policy: rules } = site;
  const auth = users === undefined || users === "-"
    ? users
    : protect({ file: users, ...realm !== undefined && { realm } });
  const changes = webdav({
    prefix,
    dotfiles,
    ...root !== undefined && { root },
    ...auth !== undefined && { auth },
    ...maxFileBytes !== undefined && { maxFileBytes },
    ...rules && {
      mayWrite: (path, { identity }) => rules.mayUse(identity, "PUT", path).allowed,
    },
  });
  const own = prefix.replace(/\/+$/, "");
  if (root === undefined || own === "" || auth === undefined) return [changes];
  const shows = files({ root, prefix: own, index: [], listing: true, dotfiles, compress: false });
  const shown: WebPart = async (request, info) => {
    if (!isUnder(new URL(request.url).pathname, own)) return undefined;
    // Nobody else shows these files, so whoever reads them needs to be let in, too.
    const refused = auth === "-" ? undefined : await auth(request, info);
    return refused ?? await shows(request, info);
  };
  return [changes, withScope(shown, (path) => isUnder(path, own))];
}
