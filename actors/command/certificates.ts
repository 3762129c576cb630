import type { SecureIdentity, SecureTransport } from "../../transports/secure.ts";
import type { Log } from "../log.ts";
import { wordsOf } from "./cause.ts";
import type { TlsSettings } from "./resolve_tls.ts";

/** Milliseconds after a change until files are read: a certificate and its key change one by one. */
const SETTLE_MS = 250;

/** What is needed to read certificates, and to hear of new ones. */
export interface CertificateFiles {
  readFile(path: string): Promise<string>;
  /** Calls `changed` whenever one of the files may have; the answer ends that. */
  watch(paths: readonly string[], changed: () => void): () => void;
}

/** Reads the certificates of a listener. */
export async function readIdentity(
  { cert, key, ca, others = [] }: TlsSettings,
  { readFile }: Pick<CertificateFiles, "readFile">,
): Promise<SecureIdentity> {
  const pairs = await Promise.all(
    [{ cert, key }, ...others].map(async (each) => ({
      cert: await readFile(each.cert),
      key: await readFile(each.key),
    })),
  );
  const authority = ca === undefined ? undefined : await readFile(ca);
  return { ...pairs[0]!, others: pairs.slice(1), ca: authority };
}

/** Has a listener use new certificates as soon as their files change; the answer ends that. */
export function keepRenewed(
  transport: SecureTransport,
  tls: TlsSettings,
  around: CertificateFiles & { log: Log; listener: string; present: SecureIdentity },
): () => void {
  const { log, listener } = around;
  let present = JSON.stringify(around.present);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const renew = async () => {
    timer = undefined;
    try {
      const identity = await readIdentity(tls, around);
      const next = JSON.stringify(identity);
      if (next === present) return;
      transport.renew(identity);
      present = next;
      log.info("certificates renewed", { listener });
    } catch (error) {
      log.warn("cannot use new certificates", { listener, error: wordsOf(error) });
    }
  };
  const { cert, key, ca, others = [] } = tls;
  const paths = [cert, key, ca, ...others.flatMap((each) => [each.cert, each.key])];
  const forget = around.watch(paths.filter((path) => path !== undefined), () => {
    timer ??= setTimeout(renew, SETTLE_MS);
  });
  return () => {
    forget();
    clearTimeout(timer);
  };
}
