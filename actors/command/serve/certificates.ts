import type { SecureIdentity, SecureTransport } from "../../../transports/tls/secure.ts";
import type { Log } from "../../log.ts";
import { wordsOf } from "../config/cause.ts";
import type { FileReader } from "../config/files.ts";
import type { TlsSettings } from "../config/resolve_tls.ts";
import { faultsOfAge } from "../config/revocation_lists.ts";
import { afterChanges, type Watch } from "./after_changes.ts";

/** What is needed to read certificates, and to hear of new ones. */
export interface CertificateFiles extends FileReader {
  readonly watch: Watch;
}

/** Reads the certificates of a listener. */
export async function readIdentity(
  { cert, key, ca, crl, others = [] }: TlsSettings,
  { readFile, readBytes }: FileReader,
): Promise<SecureIdentity & { crl?: Uint8Array[] }> {
  const pairs = await Promise.all(
    [{ cert, key }, ...others].map(async (each) => ({
      cert: await readFile(each.cert),
      key: await readFile(each.key),
    })),
  );
  const authority = ca === undefined ? undefined : await readFile(ca);
  const lists = crl && await Promise.all(crl.map((each) => readBytes(each)));
  return { ...pairs[0]!, others: pairs.slice(1), ca: authority, ...lists && { crl: lists } };
}

/**
 * Has a listener use new certificates soon after their files change; the returned function ends
 * that.
 */
export function keepRenewed(
  transport: SecureTransport,
  tls: TlsSettings,
  around: CertificateFiles & { log: Log; listener: string; present: SecureIdentity },
): () => void {
  const { log, listener } = around;
  let present = textOf(around.present);
  const renew = async () => {
    try {
      const identity = await readIdentity(tls, around);
      const next = textOf(identity);
      if (next === present) return;
      transport.renew(identity);
      present = next;
      log.info("certificates renewed", { listener });
    } catch (error) {
      log.warn("cannot use new certificates", { listener, error: wordsOf(error) });
    }
  };
  const { cert, key, ca, crl = [], others = [] } = tls;
  const paths = [cert, key, ca, ...crl, ...others.flatMap((each) => [each.cert, each.key])];
  return afterChanges(paths.filter((path) => path !== undefined), around.watch, renew);
}

/** Says which revocation lists should have been replaced by now: whom they are about is refused. */
export function warnOfAge(
  { ca, crl = [] }: SecureIdentity & { crl?: Uint8Array[] },
  log: Log,
): void {
  const faults = crl.flatMap((each) => faultsOfAge(each, ca!));
  for (const fault of faults) log.warn("revocation list has expired", { fault });
}

/** To tell whether anything is new. */
function textOf(identity: SecureIdentity): string {
  return JSON.stringify(
    identity,
    (_, value) => value instanceof Uint8Array ? value.toBase64() : value,
  );
}
