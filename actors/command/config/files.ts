import { parseDigests, parsePasswords } from "../../identity/lines.ts";
import { wordsOf } from "./cause.ts";
import type { NeededFile } from "./resolved.ts";
import { faultOfLists } from "./revocation_lists.ts";

/** Reads the files that a configuration names. */
export interface FileReader {
  readonly readFile: (path: string) => Promise<string>;
  readonly readBytes: (path: string) => Promise<Uint8Array>;
}

/** Reports each file that cannot be read or does not hold what it should. */
export async function checkFiles(
  files: readonly NeededFile[],
  { readFile, readBytes }: FileReader,
): Promise<void> {
  for (const { place, name, holds, authority } of files) {
    let text: string;
    try {
      text = await readFile(name);
      if (holds === "files") place.refuse(name, "it is a file, not a folder");
    } catch (error) {
      if (holds !== "files" || !isFolder(error)) place.refuse(name, wordsOf(error));
      continue;
    }
    if (holds === "password") {
      if (/^\r?(\n|$)/.test(text)) place.refuse(name, "its first line must be the password");
      continue;
    }
    if (holds === "revocation lists") {
      const ca = await readFile(authority!).catch(() => "");
      const fault = faultOfLists(await readBytes(name), ca);
      if (fault !== undefined) place.refuse(name, fault);
      continue;
    }
    if (holds === "key" || holds === "logins" || holds === "files") continue;
    if (holds === "users" || holds === "digests") {
      const fault = faultOfUsers(text, holds);
      if (fault !== undefined) place.refuse(name, fault);
      continue;
    }
    const found = [...text.matchAll(/^-----BEGIN ([A-Z\d ]+)-----/gm)].map(([, label]) => label!);
    const fault = holds === "certificate" ? faultOfCertificate(found) : faultOfKey(found);
    if (fault !== undefined) place.refuse(name, fault);
  }
}

/** What reading a folder as a file fails with; Windows calls it a matter of permissions. */
function isFolder(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EISDIR" || (code === "EACCES" && Deno.build.os === "windows");
}

function faultOfUsers(text: string, holds: "users" | "digests"): string | undefined {
  try {
    if (holds === "users") parsePasswords(text);
    else parseDigests(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Cannot read /, "");
  }
}

function faultOfCertificate(labels: string[]): string | undefined {
  return labels.includes("CERTIFICATE") ? undefined : missing("certificate", labels);
}

function faultOfKey(labels: string[]): string | undefined {
  if (labels.includes("ENCRYPTED PRIVATE KEY")) {
    return "the key needs a password; store it without one (openssl pkey -in FILE -out FILE)";
  }
  const isKey = labels.some((label) => label.endsWith("PRIVATE KEY"));
  return isKey ? undefined : missing("private key", labels);
}

function missing(what: string, labels: string[]): string {
  const instead = labels.length === 0 ? "it is not PEM" : `it holds "${labels[0]}"`;
  return `a ${what} as PEM is needed, and ${instead}`;
}
