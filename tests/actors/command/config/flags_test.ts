import assert from "node:assert/strict";
import { flags, readFlags } from "../../../../actors/command/config/flags.ts";

const right: [args: string[], raw: unknown][] = [
  [[], {}],
  [["--listen", "mqtt:", "--listen=http:"], { listen: ["mqtt:", "http:"] }],
  [["--allow-anonymous"], { allowAnonymous: true }],
  [["--allow-anonymous=true"], { allowAnonymous: true }],
  [["--allow-anonymous=false"], { allowAnonymous: false }],
  [["--allow-anonymous=maybe"], { allowAnonymous: "maybe" }],
  [["--cert", "c", "--key", "k", "--client-ca", "a"], { tls: { cert: "c", key: "k", ca: "a" } }],
  [["--drain", "1s", "--drain", "2s"], { drain: "2s" }],
  [["--drain="], { drain: "" }],
  [["--config=-odd"], { config: "-odd" }],
  [["-h"], { help: true }],
  [["-V", "--"], { version: true }],
];

for (const [args, raw] of right) {
  Deno.test(`readFlags reads ${JSON.stringify(args)}`, () => {
    const found = readFlags(args);
    assert.deepEqual([found.raw, found.faults], [raw, []]);
  });
}

const wrong: [args: string[], ...faults: string[]][] = [
  [
    ["--lisen", "mqtt:"],
    'Unknown flag "--lisen": did you mean "--listen"?',
    'Unexpected "mqtt:": to listen there, write --listen before it',
  ],
  [["--lisen=mqtt:"], 'Unknown flag "--lisen": did you mean "--listen"?'],
  [["--loglevel=debug"], 'Unknown flag "--loglevel": did you mean "--log-level"?'],
  [["--colour"], 'Unknown flag "--colour": --help shows what is known'],
  [["-x"], 'Unknown flag "-x": --help shows what is known'],
  [["--lis\nen"], 'Unknown flag "--lis\\nen": did you mean "--listen"?'],
  [["--listen"], "Missing value for --listen: give --listen URL"],
  [
    ["--config", "--listen", "mqtt:"],
    "Missing value for --config: give --config FILE",
    'Unexpected "mqtt:": to listen there, write --listen before it',
  ],
  [["--log-level"], "Missing value for --log-level: give --log-level debug|info|warn|error"],
  [["--help", "check"], 'Unexpected "check": a command comes first, and a value after its flag'],
  [["--", "--listen"], 'Unexpected "--listen": a command comes first, and a value after its flag'],
];

for (const [args, ...faults] of wrong) {
  Deno.test(`readFlags says what is wrong with ${JSON.stringify(args)}`, () => {
    assert.deepEqual(readFlags(args).faults, faults);
  });
}

Deno.test("readFlags takes every flag of the table, and knows which setting it is for", () => {
  for (const { name, path, setting } of flags) {
    const found = readFlags(setting.kind.hint === "" ? [name] : [name, "value"]);
    assert.deepEqual(found.faults, []);
    assert.deepEqual([...found.given], [[path, name]]);
  }
});
