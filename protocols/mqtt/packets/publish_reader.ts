import { Reader } from "../../bytes.ts";
import type { Qos } from "../../publication.ts";
import { ProtocolError } from "../../session.ts";
import { bodyStart } from "./frame.ts";
import { PacketType, type Version } from "./packet.ts";
import { readProperties } from "./properties.ts";
import type { Properties } from "./property.ts";
import { malformed, Reason } from "./reason.ts";
import { topicName } from "./topic_memo.ts";

/** Reads PUBLISH packets into its own fields, so that the most frequent packet costs no object. */
export class PublishReader {
  qos: Qos = 0;
  retain = false;
  dup = false;
  /** The topic name; empty where MQTT 5 sends an alias in its place. */
  topic = "";
  /** 0 at QoS 0. */
  packetId = 0;
  properties: Properties | undefined = undefined;
  /** Where the payload begins; it goes on to the end of the packet. */
  payloadAt = 0;

  /** Reads the packet that `bytes` hold from `at` to `end`. */
  read(bytes: Uint8Array, at: number, end: number, version: Version, maxLevels: number): void {
    const first = bytes[at]!;
    const qos = first >> 1 & 3;
    if (qos === 3) {
      // [MQTT-3.3.1-4]
      throw malformed("Cannot take a PUBLISH of QoS 3: QoS is 0, 1 or 2");
    }
    if (qos === 0 && (first & 8) !== 0) {
      // [MQTT-3.3.1-2]
      throw malformed("Cannot take a PUBLISH of QoS 0 marked as a duplicate: only QoS 1 and 2 are");
    }
    this.qos = qos as Qos;
    this.retain = (first & 1) !== 0;
    this.dup = (first & 8) !== 0;

    const topicAt = bodyStart(bytes, at) + 2;
    if (topicAt > end) throw malformed("Cannot read a PUBLISH without a topic");
    const topicEnd = topicAt + (bytes[topicAt - 2]! << 8 | bytes[topicAt - 1]!);
    let next = topicEnd + (qos > 0 ? 2 : 0);
    if (next > end) throw malformed(`Cannot read a PUBLISH: it ends ${next - end} bytes early`);
    this.topic = topicAt === topicEnd && version === 5
      ? ""
      : topicName(bytes, topicAt, topicEnd, maxLevels);
    this.packetId = qos > 0 ? bytes[topicEnd]! << 8 | bytes[topicEnd + 1]! : 0;
    if (qos > 0 && this.packetId === 0) {
      // [MQTT-2.2.1-3]
      throw new ProtocolError(
        "Cannot use packet identifier 0: it must be from 1 to 65535",
        Reason.protocolError,
      );
    }
    this.properties = undefined;
    if (version === 5) {
      if (next >= end) throw malformed("Cannot read a PUBLISH without properties: MQTT 5 has them");
      if (bytes[next] === 0) {
        next++;
      } else {
        const reader = new Reader(bytes.subarray(next, end), Reason.malformedPacket);
        this.properties = readProperties(reader, PacketType.publish);
        next += reader.at;
      }
    }
    this.payloadAt = next;
  }
}
