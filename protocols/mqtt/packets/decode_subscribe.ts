import type { Reader } from "../../bytes.ts";
import type { Qos } from "../../publication.ts";
import { ProtocolError } from "../../session.ts";
import { readText } from "./fields.ts";
import type { FilterRequest, Version } from "./packet.ts";
import { malformed, Reason } from "./reason.ts";

/** Reads the filters of a SUBSCRIBE and their options (MQTT 5.0 §3.8.3). */
export function readRequests(reader: Reader, version: Version): FilterRequest[] {
  checkFilters(reader);
  const filters: FilterRequest[] = [];
  do {
    const filter = readText(reader, "topic filter");
    const options = reader.u8();
    // [MQTT-3.8.3-5]; before MQTT 5 there was nothing but the QoS [MQTT-3-8.3-4].
    if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0) {
      throw malformed(`Cannot take subscription options ${options}: reserved bits must be 0`);
    }
    const qos = options & 3, handling = options >> 4 & 3;
    if (qos === 3 || handling === 3) {
      throw new ProtocolError(
        `Cannot take subscription options ${options}: QoS and Retain Handling are 0, 1 or 2`,
        Reason.protocolError,
      );
    }
    filters.push({
      filter,
      qos: qos as Qos,
      noLocal: (options & 4) !== 0,
      retainAsPublished: (options & 8) !== 0,
      retainHandling: handling as 0 | 1 | 2,
    });
  } while (reader.left > 0);
  return filters;
}

/** Reads the filters of an UNSUBSCRIBE (MQTT 5.0 §3.10.3). */
export function readFilters(reader: Reader): string[] {
  checkFilters(reader);
  const filters: string[] = [];
  do filters.push(readText(reader, "topic filter")); while (reader.left > 0);
  return filters;
}

/** Throws unless there is a filter [MQTT-3.8.3-2] [MQTT-3.10.3-2]. */
function checkFilters(reader: Reader): void {
  if (reader.left > 0) return;
  throw new ProtocolError(
    "Cannot take a request without a topic filter: it must have at least one",
    Reason.protocolError,
  );
}
