import { hex } from "../../fakes.ts";
import type { Case } from "./codec_cases.ts";

const none = undefined;
const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

/** Packets as MQTT 3.1 and 3.1.1 have them. */
export const cases311: Case[] = [
  {
    name: "CONNECT of MQTT 3.1",
    version: 3,
    hex: "100f 0006 4d5149736470 03 02 000a 0001 61",
    packet: {
      type: "connect",
      version: 3,
      clientId: "a",
      clean: true,
      keepAlive: 10,
      will: none,
      username: none,
      password: none,
      properties: none,
    },
  },
  {
    name: "CONNECT with everything",
    version: 4,
    hex: "101e 0004 4d515454 04 f4 ffff 0002 6964 0002 772f 0002 00ff 0001 75 0003 010203",
    packet: {
      type: "connect",
      version: 4,
      clientId: "id",
      clean: false,
      keepAlive: 65535,
      will: { topic: "w/", payload: hex("00ff"), qos: 2, retain: true, properties: none },
      username: "u",
      password: hex("010203"),
      properties: none,
    },
  },
  {
    name: "CONNACK with a session",
    version: 4,
    hex: "2002 0100",
    packet: { type: "connack", sessionPresent: true, reason: 0, properties: none },
  },
  {
    name: "CONNACK that refuses",
    version: 4,
    hex: "2002 0005",
    packet: { type: "connack", sessionPresent: false, reason: 5, properties: none },
  },
  {
    name: "PUBLISH of QoS 0 without payload",
    version: 4,
    hex: "3005 0003 612f62",
    packet: {
      type: "publish",
      topic: "a/b",
      payload: hex(""),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: none,
    },
  },
  {
    name: "PUBLISH of QoS 2, again, retained",
    version: 4,
    hex: "3d09 0003 c3a962 1234 00ff",
    packet: {
      type: "publish",
      topic: "éb",
      payload: hex("00ff"),
      qos: 2,
      retain: true,
      dup: true,
      packetId: 0x1234,
      properties: none,
    },
  },
  ...(["puback", "pubrec", "pubrel", "pubcomp"] as const).map((type, index): Case => ({
    name: type.toUpperCase(),
    version: 4,
    hex: `${["40", "50", "62", "70"][index]}02 ffff`,
    packet: { type, packetId: 0xffff, reason: 0, properties: none },
  })),
  {
    name: "SUBSCRIBE to two filters",
    version: 4,
    hex: "820c 0001 0001 23 00 0003 2b2f62 02",
    packet: {
      type: "subscribe",
      packetId: 1,
      filters: [{ filter: "#", qos: 0, ...plain }, { filter: "+/b", qos: 2, ...plain }],
      properties: none,
    },
  },
  {
    name: "SUBACK",
    version: 4,
    hex: "9005 0001 000280",
    packet: { type: "suback", packetId: 1, reasons: [0, 2, 0x80], properties: none },
  },
  {
    name: "UNSUBSCRIBE",
    version: 4,
    hex: "a208 0002 0001 61 0001 62",
    packet: { type: "unsubscribe", packetId: 2, filters: ["a", "b"], properties: none },
  },
  {
    name: "UNSUBACK",
    version: 4,
    hex: "b002 0002",
    packet: { type: "unsuback", packetId: 2, reasons: [], properties: none },
  },
  { name: "PINGREQ", version: 4, hex: "c000", packet: { type: "pingreq" } },
  { name: "PINGRESP", version: 4, hex: "d000", packet: { type: "pingresp" } },
  {
    name: "DISCONNECT",
    version: 4,
    hex: "e000",
    packet: { type: "disconnect", reason: 0, properties: none },
  },
];
