import type { DavSettings } from "../../command/settings/dav_settings.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import type { Policy } from "../../identity/policy.ts";
import { checkDirectory } from "../files/file_root.ts";
import { files } from "../files/files.ts";
import type { WebPart } from "../part.ts";
import { type DoorFiles, protect } from "../protect.ts";
import { isUnder, withScope } from "../scope.ts";
import { webdav } from "./webdav.ts";

/** The parts of a site for WebDAV: what changes files, and what shows those that the site does not. */
export async function davParts(
  dav: DavSettings,
  site: { policy?: Pick<Policy, "mayUse"> | undefined; logins?: readonly DoorFiles[] },
): Promise<WebPart[]> {
  const { root, prefix = "", auth: users, realm, dotfiles = false, maxFileBytes } = dav;
  if (root !== undefined) await checkDirectory(root);
  const { policy: rules, logins = [] } = site;
  const may = async (method: "GET" | "PUT", path: string, { identity }: RouteInfo, by: Request) =>
    rules?.mayUse(identity, method, path).allowed !== false &&
    await needsNoMore(logins, path, new URL(by.url).pathname);
  const auth = users === undefined || users === "-"
    ? users
    : protect({ file: users, ...realm !== undefined && { realm } });
  const changes = webdav({
    prefix,
    dotfiles,
    ...root !== undefined && { root },
    ...auth !== undefined && { auth },
    ...maxFileBytes !== undefined && { maxFileBytes },
    ...(rules !== undefined || logins.length > 0) && {
      mayRead: (path, info, request) => may("GET", path, info, request),
      mayWrite: (path, info, request) => may("PUT", path, info, request),
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

/** Whether a path asks for no other logins than those that the path of the request has asked for. */
async function needsNoMore(
  logins: readonly DoorFiles[],
  path: string,
  asked: string,
): Promise<boolean> {
  for (const filesOf of logins) {
    const passed = await filesOf(asked), files = await filesOf(path);
    if (files?.every((each) => passed?.includes(each)) !== true) return false;
  }
  return true;
}
