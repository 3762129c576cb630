import { parseDigests, parsePasswords } from "../identity/lines.ts";
import { wordsOf } from "./cause.ts";
import type { NeededFile } from "./resolved.ts";

/** What is wrong with a file, by what it should hold; what is not looked at is right. */
const faults: Record<NeededFile["holds"], (text: string) => string | undefined> = {
  certificate: (text) => faultOfCertificate(labelsIn(text)),
  "private key": (text) => faultOfKey(labelsIn(text)),
  password: (text) => /^\r?(\n|$)/.test(text) ? "its first line must be the password" : undefined,
  users: (text) => faultOfUsers(() => parsePasswords(text)),
  digests: (text) => faultOfUsers(() => parseDigests(text)),
  files: () => "it is a file, not a folder",
  key: () => undefined,
  logins: () => undefined,
};

/** Reports each file that cannot be read or does not hold what it should. */
export async function checkFiles(
  files: readonly NeededFile[],
  readFile: (path: string) => Promise<string>,
): Promise<void> {
  for (const { place, name, holds } of files) {
    try {
      const fault = faults[holds](await readFile(name));
      if (fault !== undefined) place.refuse(name, fault);
    } catch (error) {
      if (holds !== "files" || !isFolder(error)) place.refuse(name, wordsOf(error));
    }
  }
}

/** What reading a folder as a file fails with; Windows calls it a matter of permissions. */
function isFolder(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EISDIR" || (code === "EACCES" && Deno.build.os === "windows");
}

function faultOfUsers(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Cannot read /, "");
  }
}

/** The labels of the blocks in a PEM file (RFC 7468 §2). */
function labelsIn(text: string): string[] {
  return [...text.matchAll(/^-----BEGIN ([A-Z\d ]+)-----/gm)].map(([, label]) => label!);
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
