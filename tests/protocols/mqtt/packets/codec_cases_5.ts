import { bytes, hex } from "../../fakes.ts";
import type { Case } from "./codec_cases.ts";

const none = undefined;

/** Packets as MQTT 5 has them. */
export const cases5: Case[] = [
  {
    name: "CONNECT with properties and a will",
    version: 5,
    hex: "1045 0004 4d515454 05 2e 003c" +
      "1b 11 0000000a 17 00 19 01 21 0014 22 0005 26 0001 6b 0001 76 27 00010000" +
      "0002 6964" +
      "14 02 0000003c 01 01 03 0001 74 09 0001 ff 18 00000005" +
      "0001 77 0001 21",
    packet: {
      type: "connect",
      version: 5,
      clientId: "id",
      clean: true,
      keepAlive: 60,
      will: {
        topic: "w",
        payload: bytes("!"),
        qos: 1,
        retain: true,
        properties: {
          messageExpiry: 60,
          payloadFormat: 1,
          contentType: "t",
          willDelay: 5,
          correlationData: hex("ff"),
        },
      },
      username: none,
      password: none,
      properties: {
        sessionExpiry: 10,
        receiveMaximum: 20,
        topicAliasMaximum: 5,
        requestProblem: 0,
        requestResponse: 1,
        maximumPacketSize: 65536,
        userProperties: [["k", "v"]],
      },
    },
  },
  {
    name: "CONNECT with a password and no name, and authentication",
    version: 5,
    hex: "1019 0004 4d515454 05 40 0000 08 15 0001 6d 16 0001 64 0000 0002 7077",
    packet: {
      type: "connect",
      version: 5,
      clientId: "",
      clean: false,
      keepAlive: 0,
      will: none,
      username: none,
      password: bytes("pw"),
      properties: { authenticationMethod: "m", authenticationData: bytes("d") },
    },
  },
  {
    name: "CONNACK with all properties",
    version: 5,
    hex: "2030 00 00 2d 11 ffffffff 12 0001 69 13 001e 1a 0001 72 1c 0001 73 1f 0001 78" +
      "21 0001 22 ffff 24 01 25 00 27 0fffffff 28 01 29 01 2a 00",
    packet: {
      type: "connack",
      sessionPresent: false,
      reason: 0,
      properties: {
        sessionExpiry: 0xffffffff,
        assignedClientId: "i",
        serverKeepAlive: 30,
        responseInformation: "r",
        serverReference: "s",
        reasonString: "x",
        receiveMaximum: 1,
        topicAliasMaximum: 65535,
        maximumQos: 1,
        retainAvailable: 0,
        maximumPacketSize: 0x0fffffff,
        wildcardsAvailable: 1,
        subscriptionIdsAvailable: 1,
        sharedAvailable: 0,
      },
    },
  },
  {
    name: "PUBLISH with properties",
    version: 5,
    hex: "321b 0001 61 0001 14 02 00000001 01 00 08 0001 72 0b 01 0b 808001 23 0009 21",
    packet: {
      type: "publish",
      topic: "a",
      payload: bytes("!"),
      qos: 1,
      retain: false,
      dup: false,
      packetId: 1,
      properties: {
        messageExpiry: 1,
        payloadFormat: 0,
        responseTopic: "r",
        topicAlias: 9,
        subscriptionIds: [1, 16384],
      },
    },
  },
  {
    name: "PUBLISH with an alias in place of its topic",
    version: 5,
    hex: "3006 0000 03 23 0001",
    packet: {
      type: "publish",
      topic: "",
      payload: hex(""),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: { topicAlias: 1 },
    },
  },
  ...(["puback", "pubrec", "pubrel", "pubcomp"] as const).map((type, index): Case => ({
    name: `${type.toUpperCase()} with a reason`,
    version: 5,
    hex: `${["40", "50", "62", "70"][index]}03 0007 ${index < 2 ? "97" : "92"}`,
    packet: { type, packetId: 7, reason: index < 2 ? 0x97 : 0x92, properties: none },
  })),
  {
    name: "PUBACK with nothing more",
    version: 5,
    hex: "4002 0007",
    packet: { type: "puback", packetId: 7, reason: 0, properties: none },
  },
  {
    name: "PUBACK with a reason string",
    version: 5,
    hex: "4008 0007 10 04 1f 0001 78",
    packet: { type: "puback", packetId: 7, reason: 0x10, properties: { reasonString: "x" } },
  },
  {
    name: "SUBSCRIBE with all options",
    version: 5,
    hex: "8209 0001 02 0b 05 0001 23 2e",
    packet: {
      type: "subscribe",
      packetId: 1,
      filters: [
        { filter: "#", qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
      properties: { subscriptionIds: [5] },
    },
  },
  {
    name: "SUBACK with reasons",
    version: 5,
    hex: "9006 0001 00 018f9e",
    packet: { type: "suback", packetId: 1, reasons: [1, 0x8f, 0x9e], properties: none },
  },
  {
    name: "UNSUBSCRIBE with a user property",
    version: 5,
    hex: "a20b 0002 05 26 0000 0000 0001 61",
    packet: {
      type: "unsubscribe",
      packetId: 2,
      filters: ["a"],
      properties: { userProperties: [["", ""]] },
    },
  },
  {
    name: "UNSUBACK with reasons",
    version: 5,
    hex: "b005 0002 00 0011",
    packet: { type: "unsuback", packetId: 2, reasons: [0, 0x11], properties: none },
  },
  {
    name: "DISCONNECT without a word",
    version: 5,
    hex: "e000",
    packet: { type: "disconnect", reason: 0, properties: none },
  },
  {
    name: "DISCONNECT with a reason",
    version: 5,
    hex: "e001 8b",
    packet: { type: "disconnect", reason: 0x8b, properties: none },
  },
  {
    name: "DISCONNECT with a new expiry",
    version: 5,
    hex: "e007 00 05 11 00000000",
    packet: { type: "disconnect", reason: 0, properties: { sessionExpiry: 0 } },
  },
  {
    name: "AUTH",
    version: 5,
    hex: "f006 18 04 15 0001 6d",
    packet: { type: "auth", reason: 0x18, properties: { authenticationMethod: "m" } },
  },
];
