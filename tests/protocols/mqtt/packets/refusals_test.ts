import assert from "node:assert/strict";
import { decode } from "../../../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../../../protocols/mqtt/packets/encode.ts";
import type { Version } from "../../../../protocols/mqtt/packets/packet.ts";
import { MAX_USER_PROPERTIES } from "../../../../protocols/mqtt/packets/properties.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { hex } from "../../fakes.ts";

const wrong: [name: string, version: Version, code: number, hex: string][] = [
  ["packet type 0", 4, 0x81, "0000"],
  ["AUTH before MQTT 5", 4, 0x81, "f000"],
  ["flags on PINGREQ", 4, 0x81, "c100"],
  ["flags on PUBACK", 4, 0x81, "4202 0001"],
  ["no flags on SUBSCRIBE", 4, 0x81, "8006 0001 0001 61 00"],
  ["no flags on PUBREL", 4, 0x81, "6002 0001"],
  ["no flags on UNSUBSCRIBE", 4, 0x81, "a005 0001 0001 61"],
  ["flags on DISCONNECT", 4, 0x81, "e100"],
  ["flags on AUTH", 5, 0x81, "f100"],
  ["a duplicate SUBSCRIBE in MQTT 3.1.1", 4, 0x81, "8a06 0001 0001 61 00"],
  ["five bytes of remaining length", 4, 0x81, "c0 80808080 01"],
  ["a remaining length with a superfluous byte in MQTT 5", 5, 0x81, "c0 8000"],
  ["a packet over the limit", 4, 0x95, "30 808040"],
  ["bytes behind PINGREQ", 4, 0x81, "c001 00"],
  ["bytes behind PUBACK", 4, 0x81, "4003 0001 00"],
  ["PUBACK without identifier", 4, 0x81, "4000"],
  ["packet identifier 0", 4, 0x82, "4002 0000"],
  ["packet identifier 0 on PUBLISH", 4, 0x82, "3205 0001 61 0000"],
  ["packet identifier 0 on SUBSCRIBE", 4, 0x82, "8206 0000 0001 61 00"],
  ["PUBLISH of QoS 3", 4, 0x81, "3605 0001 61 0001"],
  ["a duplicate of QoS 0", 4, 0x81, "3803 0001 61"],
  ["PUBLISH without a topic length", 4, 0x81, "3001 00"],
  ["a topic longer than its packet", 4, 0x81, "3003 0002 61"],
  ["an empty topic before MQTT 5", 4, 0x90, "3002 0000"],
  ["a topic with a wildcard", 4, 0x90, "3003 0001 23"],
  ["a topic with NUL", 4, 0x81, "3003 0001 00"],
  ["a topic that is no UTF-8", 4, 0x81, "3003 0001 ff"],
  ["a topic with a surrogate", 4, 0x81, "3005 0003 eda080"],
  ["PUBLISH without properties in MQTT 5", 5, 0x81, "3003 0001 61"],
  ["SUBSCRIBE without a filter", 4, 0x82, "8202 0001"],
  ["UNSUBSCRIBE without a filter", 4, 0x82, "a202 0001"],
  ["SUBSCRIBE with QoS 3", 4, 0x82, "8206 0001 0001 61 03"],
  ["SUBSCRIBE options before MQTT 5", 4, 0x81, "8206 0001 0001 61 04"],
  ["reserved SUBSCRIBE options", 5, 0x81, "8207 0001 00 0001 61 40"],
  ["Retain Handling 3", 5, 0x82, "8207 0001 00 0001 61 30"],
  ["a filter that is no UTF-8", 4, 0x81, "8206 0001 0001 80 00"],
  ["an UNSUBSCRIBE filter that is no UTF-8", 4, 0x81, "a205 0001 0001 80"],
  ["CONNECT of another protocol", 4, 0x81, "100d 0004 4d515455 04 02 000a 0001 61"],
  ["CONNECT of level 6", 4, 0x84, "100d 0004 4d515454 06 02 000a 0001 61"],
  ["CONNECT of level 3 under the new name", 4, 0x84, "100d 0004 4d515454 03 02 000a 0001 61"],
  ["CONNECT with the reserved flag", 4, 0x81, "100d 0004 4d515454 04 03 000a 0001 61"],
  ["Will QoS without a will", 4, 0x81, "100d 0004 4d515454 04 0a 000a 0001 61"],
  ["Will Retain without a will", 4, 0x81, "100d 0004 4d515454 04 22 000a 0001 61"],
  ["Will QoS 3", 4, 0x81, "1013 0004 4d515454 04 1e 000a 0001 61 0001 77 0001 78"],
  ["a password without a name", 4, 0x81, "1010 0004 4d515454 04 42 000a 0001 61 0001 78"],
  ["CONNECT that goes on", 4, 0x81, "100e 0004 4d515454 04 02 000a 0001 61 00"],
  [
    "authentication data without a method",
    5,
    0x82,
    "1012 0004 4d515454 05 02 000a 04 16 0001 64 0001 61",
  ],
  ["CONNACK flags", 4, 0x81, "2002 0200"],
  ["a reason that PUBACK has not", 5, 0x82, "4003 0001 92"],
  ["a reason that DISCONNECT has not", 5, 0x82, "e001 10"],
  ["a return code that SUBACK has not", 4, 0x81, "9003 0001 03"],
  ["an unknown property", 5, 0x81, "3006 0001 61 02 7f 00"],
  ["a property of another packet", 5, 0x81, "3009 0001 61 05 11 00000001"],
  ["a property twice", 5, 0x82, "3008 0001 61 04 01 01 01 01"],
  ["a subscription identifier twice", 5, 0x82, "820b 0001 04 0b 01 0b 02 0001 61 00"],
  ["subscription identifier 0", 5, 0x82, "8209 0001 02 0b 00 0001 61 00"],
  ["payload format 2", 5, 0x82, "3006 0001 61 02 01 02"],
  ["a property cut by the property length", 5, 0x81, "3008 0001 61 03 02 000000"],
  ["properties longer than the packet", 5, 0x81, "3004 0001 61 05"],
  ["receive maximum 0", 5, 0x82, "1011 0004 4d515454 05 02 000a 03 21 0000 0001 61"],
  ["maximum packet size 0", 5, 0x82, "1013 0004 4d515454 05 02 000a 05 27 00000000 0001 61"],
  ["a property with NUL", 5, 0x81, "3008 0001 61 04 03 0001 00"],
];

for (const [name, version, code, digits] of wrong) {
  Deno.test(`decode() refuses ${name} with 0x${code.toString(16)}`, () => {
    assert.throws(() => decode(hex(digits), version, 1 << 20), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.match(error.message, /^Cannot /);
      assert.equal(error.code, code, error.message);
      return true;
    });
  });
}

Deno.test("decode() refuses a packet over the limit before it has come", () => {
  assert.throws(() => decode(hex("30 ff7f"), 4, 100), { code: 0x95 });
  assert.equal(decode(hex("30 62"), 4, 100), undefined);
});

Deno.test("decode() takes a padded remaining length from clients before MQTT 5", () => {
  assert.deepEqual(decode(hex("c0 8000"), 4, 100), [{ type: "pingreq" }, 3]);
});

Deno.test("decode() takes a duplicate SUBSCRIBE in MQTT 3.1", () => {
  assert.equal(decode(hex("8a06 0001 0001 61 00"), 3, 100)?.[1], 8);
});

Deno.test("decode() keeps a byte order mark", () => {
  const [packet] = decode(hex("3006 0004 efbbbf61"), 4, 100)!;
  assert.ok(packet.type === "publish");
  assert.equal(packet.topic, "\ufeffa");
});

Deno.test("decode() refuses more user properties than the limit", () => {
  const packet = (count: number) =>
    encode({
      type: "disconnect",
      reason: 0,
      properties: { userProperties: new Array(count).fill(["", ""]) },
    }, 5)!;
  assert.ok(decode(packet(MAX_USER_PROPERTIES), 5, 1 << 20));
  assert.throws(() => decode(packet(MAX_USER_PROPERTIES + 1), 5, 1 << 20), { code: 0x97 });
});

Deno.test("encode() declines what MQTT cannot say", () => {
  const properties = undefined;
  const long = "é".repeat(40_000);
  assert.equal(
    encode({ type: "unsubscribe", packetId: 1, filters: [long], properties }, 4),
    undefined,
  );
  assert.equal(
    encode({ type: "disconnect", reason: 0, properties: { reasonString: long } }, 5),
    undefined,
  );
});
