import type { DnsZone } from "../../../protocols/dns/zone.ts";
import { faultOfServer, parseZone, USUAL_TTL } from "../../dns/settings.ts";
import { count, type Kind, list, text } from "./kinds.ts";
import { record, type Setting } from "./record.ts";

const zoneObject = record(
  {
    name: {
      kind: text("NAME", "give the name of a zone, such as home.example"),
      required: true,
      doc: "The name that all others in the zone end with.",
    },
    ttl: {
      kind: count(0, 604_800),
      default: USUAL_TTL,
      doc: "Seconds that records may be kept that do not say.",
    },
    records: {
      kind: list(text("RECORD", "give a record such as www A 192.0.2.1")),
      required: true,
      doc: "Lines of a zone file: NAME [TTL] TYPE DATA; @ is the zone, and * all other names.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

const zone: Kind<DnsZone> = {
  ...zoneObject,
  read(raw, place) {
    const read = zoneObject.read(raw, place);
    if (read?.name === undefined || read.records === undefined) return undefined;
    const records = read.records.flatMap((line) => line ?? []);
    try {
      return parseZone({ ...read, name: read.name, records });
    } catch (error) {
      return place.complain((error as TypeError).message);
    }
  },
};

const server = text(
  "ADDRESS",
  'give "system", or an address such as 192.0.2.53 or [::1]:5353',
  (address) => faultOfServer(address) === undefined,
);

/** What is set about names. */
export const dnsSettings = {
  zones: {
    only: "file",
    kind: list(zone),
    doc: "Names that dns: listeners have the authority for.",
  },
  forward: {
    flag: "forward",
    kind: list(server),
    doc: 'Whom dns: listeners ask about other names: addresses, or "system".',
  },
  nameServers: {
    flag: "name-server",
    kind: list(server),
    doc: 'Whom the gateway asks about hosts that it connects to: addresses, or "system".',
  },
} as const satisfies Record<string, Setting<unknown>>;

/** What was set about names; undefined where nothing was. */
export interface DnsSettings {
  readonly zones: readonly DnsZone[];
  readonly forward?: readonly string[];
  readonly nameServers?: readonly string[];
}

/** The settings that are complete; what is wrong with others has been reported. */
export function dnsOf(draft: {
  zones?: readonly (DnsZone | undefined)[];
  forward?: readonly (string | undefined)[];
  nameServers?: readonly (string | undefined)[];
}): { dns?: DnsSettings } {
  const { zones, forward, nameServers } = draft;
  if ((zones ?? forward ?? nameServers) === undefined) return {};
  const dns = {
    zones: zones?.flatMap((each) => each ?? []) ?? [],
    ...forward && { forward: forward.flatMap((each) => each ?? []) },
    ...nameServers && { nameServers: nameServers.flatMap((each) => each ?? []) },
  };
  return { dns };
}
