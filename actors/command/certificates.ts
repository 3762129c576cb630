import type { SecureIdentity, SecureTransport } from "../../transports/secure.ts";
import type { Log } from "../log.ts";
import { afterChanges, type Watch } from "./after_changes.ts";
import { wordsOf } from "./cause.ts";
import type { TlsSettings } from "./resolve_tls.ts";

/** What is needed to read certificates, and to hear of new ones. */
interface CertificateFiles {
  readFile(path: string): Promise<string>;
  readonly watch: Watch;
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
  let present = JSON.stringify(around.present);
  const renew = async () => {
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
  return afterChanges(paths.filter((path) => path !== undefined), around.watch, renew);
}
