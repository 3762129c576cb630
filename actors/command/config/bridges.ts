import type { BridgeOptions, BridgeRoute } from "../../bridge/bridge_options.ts";
import type { Bridge } from "../../bridge/bridges.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Log } from "../../log.ts";
import type { BridgeDraft } from "../settings/bridge_settings.ts";
import type { Place } from "../settings/place.ts";
import { wordsOf } from "./cause.ts";
import type { NeededFile } from "./resolved.ts";

/** One bridge, complete except for the contents of its files. */
export interface BridgeSettings {
  readonly options: BridgeOptions;
  readonly passwordFile?: string;
  /** Names of PEM files. */
  readonly tlsFiles: Readonly<Partial<Record<"ca" | "cert" | "key", string>>>;
}

/** Checks what the settings of one bridge say together. */
export function resolveBridge(
  draft: BridgeDraft,
  { place, file }: {
    place: Place;
    file: (given: string, place: Place, holds: NeededFile["holds"]) => string;
  },
): BridgeSettings | undefined {
  const { name, url, routes, tls = {}, passwordFile, keepAlive, sessionExpiry, ...rest } = draft;
  // What is missing or wrong has been reported.
  if (name === undefined || url === undefined || routes?.every((each) => each) !== true) return;
  if (rest.password !== undefined && passwordFile !== undefined) {
    return place.complain('Cannot use "password" and "passwordFile" both: leave one out');
  }
  if (rest.clean === false && rest.clientId === undefined) {
    return place.complain('Missing "clientId": a session that stays at the upstream needs one');
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const missing = tls.cert === undefined ? "cert" : "key";
    return place.member("tls").complain(`Missing "${missing}": certificate and key go together`);
  }
  const { ca, cert, key, ...trust } = tls;
  if (!url.tls && Object.keys(tls).length > 0) {
    return place.member("tls").complain(
      `Cannot use TLS for ${url.url}: write mqtts: or wss:, or leave "tls" out`,
    );
  }
  const at = place.member("tls");
  const tlsFiles = {
    ...ca !== undefined && { ca: file(ca, at.member("ca"), "certificate") },
    ...cert !== undefined && { cert: file(cert, at.member("cert"), "certificate") },
    ...key !== undefined && { key: file(key, at.member("key"), "private key") },
  };
  return {
    options: {
      ...rest,
      name,
      url: url.url,
      routes: routes as BridgeRoute[],
      tls: trust,
      ...keepAlive !== undefined && { keepAliveSeconds: Math.ceil(keepAlive / 1000) },
      ...sessionExpiry !== undefined && { sessionExpirySeconds: Math.ceil(sessionExpiry / 1000) },
    },
    ...passwordFile !== undefined && {
      passwordFile: file(passwordFile, place.member("passwordFile"), "password"),
    },
    tlsFiles,
  };
}

/** Reads the files of a bridge and starts it. */
export async function startBridge(
  hub: Gateway,
  { options, passwordFile, tlsFiles }: BridgeSettings,
  { log, readFile }: { log: Log; readFile: (path: string) => Promise<string> },
): Promise<Bridge> {
  const read = async (name: string | undefined) =>
    name === undefined ? undefined : await readFile(name);
  if (options.tls?.rejectUnauthorized === false) {
    log.warn("bridge takes any certificate: what it carries is open to whoever is on the way", {
      bridge: options.name,
    });
  }
  // It reads variables as it is loaded: without --allow-env a bridge would crash again and again.
  await import("../../clients/npm_mqtt.ts").catch((error) => {
    throw new Error(`the bridge ${options.name}: ${wordsOf(error)}`, { cause: error });
  });
  const { ca, cert, key } = tlsFiles;
  return hub.bridge({
    ...options,
    password: options.password ?? (await read(passwordFile))?.split(/\r?\n/)[0],
    tls: { ...options.tls, ca: await read(ca), cert: await read(cert), key: await read(key) },
  });
}
