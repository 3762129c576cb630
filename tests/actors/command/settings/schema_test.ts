import assert from "node:assert/strict";
import type { Schema } from "../../../../actors/command/settings/kinds.ts";
import { gatewayLimits, limits } from "../../../../actors/command/settings/limits.ts";
import { Place } from "../../../../actors/command/settings/place.ts";
import { schema } from "../../../../actors/command/settings/schema.ts";
import { configuration, settings } from "../../../../actors/command/settings/settings.ts";
import { FakeHost } from "../fakes.ts";

/** As much of JSON Schema as our schema uses; any other keyword is an error. */
function conforms(value: unknown, part: Schema): boolean {
  return Object.entries(part).every(([keyword, rule]) => {
    switch (keyword) {
      case "$schema":
      case "title":
      case "description":
      case "default":
        return true;
      case "type":
        return rule === "integer" ? Number.isInteger(value) : typeOf(value) === rule;
      case "enum":
        return (rule as unknown[]).includes(value);
      case "pattern":
        return typeof value !== "string" || new RegExp(rule as string).test(value);
      case "minLength":
        return typeof value !== "string" || value.length >= (rule as number);
      case "minimum":
        return typeof value !== "number" || value >= (rule as number);
      case "maximum":
        return typeof value !== "number" || value <= (rule as number);
      case "minItems":
        return !Array.isArray(value) || value.length >= (rule as number);
      case "items":
        return !Array.isArray(value) || value.every((each) => conforms(each, rule as Schema));
      case "anyOf":
        return (rule as Schema[]).some((each) => conforms(value, each));
      case "required":
        return typeOf(value) !== "object" ||
          (rule as string[]).every((name) => name in Object(value));
      case "properties":
        return typeOf(value) !== "object" || Object.entries(rule as Record<string, Schema>).every(
          ([name, each]) => !(name in Object(value)) || conforms(Object(value)[name], each),
        );
      case "additionalProperties":
        assert.equal(rule, false);
        return typeOf(value) !== "object" ||
          Object.keys(Object(value)).every((name) => name in (part.properties as object));
      default:
        return assert.fail(`The test does not know the keyword ${keyword}`);
    }
  });
}

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

const documents: [document: unknown, right: boolean][] = [
  [{}, true],
  [[], false],
  [null, false],
  [{ $schema: "x" }, true],
  [{ $schema: 1 }, false],
  [{ listen: ["mqtt:", "8000"] }, true],
  [{ listen: "mqtt:" }, false],
  [{ listen: [] }, false],
  [{ listen: [{}] }, false],
  [{ listen: [{ url: "mqtt:" }] }, true],
  [{ listen: [{ url: "mqtt:", allowAnonymous: "yes" }] }, false],
  [{ listen: [{ url: "mqtt:", limits: { maxPacketBytes: "1MiB", graceMs: 10 } }] }, true],
  [{ listen: [{ url: "mqtt:", limits: { maxRetained: 1 } }] }, false],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", clientCertificates: "none" } }] }, true],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", clientCertificates: "no" } }] }, false],
  [{ listen: [{ url: "mqtts:", tls: { cert: "" } }] }, false],
  [{ tls: { ca: "x", ocsp: "y" } }, false],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", ca: "c", crl: "c" } }] }, true],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", ca: "c", crl: ["c", "d"] } }] }, true],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", ca: "c", crl: [] } }] }, false],
  [{ listen: [{ url: "mqtts:", tls: { cert: "c", key: "k", ca: "c", crl: [1] } }] }, false],
  [{ allowAnonymous: true }, true],
  [{ allowAnonymous: "true" }, false],
  [{ drain: "10s" }, true],
  [{ drain: 10 }, false],
  [{ drain: "10" }, false],
  [{ logLevel: "debug", logFormat: "json" }, true],
  [{ logLevel: "trace" }, false],
  [{ limits: { maxTopicLevels: 3, maxRetained: 5, graceMs: "1s" } }, true],
  [{ limits: { maxTopicLevels: 0 } }, false],
  [{ limits: { maxTopicLevels: 1.5 } }, false],
  [{ limits: { maxPacketBytes: 1 } }, false],
  [{ limits: { maxTopics: 1 } }, false],
  [{ config: "x" }, false],
  [{ help: true }, false],
];

for (const [document, right] of documents) {
  const verb = right ? "accept" : "refuse";
  Deno.test(`schema and check both ${verb} ${JSON.stringify(document)}`, () => {
    assert.equal(conforms(document, schema({})), right, "schema");
    const faults: unknown[] = [];
    configuration.read(document, new Place("", (...fault) => faults.push(fault)));
    assert.equal(faults.length === 0, right, "check");
  });
}

Deno.test("schema gives every default, and each conforms to it", () => {
  const { limits } = new FakeHost();
  const whole = schema(limits) as { properties: Record<string, Schema & { properties: object }> };
  for (const [name, setting] of Object.entries(settings)) {
    const part = whole.properties[name];
    assert.equal(part === undefined, "only" in setting && setting.only === "flags", name);
    if (!("default" in setting)) continue;
    assert.equal(part!.default, setting.default);
    assert.equal(conforms(setting.default, part!), true, name);
  }
  const parts = whole.properties.limits!.properties as Record<string, Schema>;
  for (const [name, value] of Object.entries(limits)) assert.equal(parts[name]!.default, value);
});

Deno.test("schema describes every setting in a sentence", () => {
  const part = schema({}) as Schema;
  const visit = (each: unknown): void => {
    if (typeOf(each) !== "object" && typeOf(each) !== "array") return;
    for (const [name, inner] of Object.entries(each as object)) {
      if (name === "properties") {
        for (const property of Object.values(inner as Record<string, Schema>)) {
          assert.match(String(property.description), /^[A-Z].*\.$/);
        }
      }
      visit(inner);
    }
  };
  visit(part);
});

Deno.test("limits end in their unit and are read in it", () => {
  for (const [name, { kind }] of Object.entries(limits)) {
    const unit = /Bytes$/.test(name) ? "SIZE" : /Ms$/.test(name) ? "DURATION" : "N";
    assert.equal(kind.hint, unit, name);
  }
  assert.deepEqual(Object.keys(gatewayLimits.members), Object.keys(limits));
});

Deno.test("the command schema prints it as JSON", async () => {
  const host = new FakeHost();
  assert.equal(await host.run("schema"), 0);
  assert.deepEqual(
    JSON.parse(host.out.join("\n")),
    JSON.parse(JSON.stringify(schema(host.limits))),
  );
});
