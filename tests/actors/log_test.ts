import assert from "node:assert/strict";
import { defaults, levels, Log, type LogOptions, silent } from "../../actors/log.ts";

const time = "2026-11-21T10:00:00.000Z";

function logged(options: LogOptions, write: (log: Log) => void): string[] {
  const lines: string[] = [];
  const clock = () => Date.parse(time);
  write(new Log({ level: "info", ...options, clock, sink: (line) => lines.push(line) }));
  return lines;
}

Deno.test("Log writes time, level, event and fields", () => {
  const lines = logged({}, (log) => log.warn("slow", { client: "sensor-7", dropped: 12 }));
  assert.deepEqual(lines, [`${time} warn slow client=sensor-7 dropped=12`]);
});

Deno.test("Log writes nothing below its level", () => {
  for (const [least, level] of levels.entries()) {
    const lines = logged({ level }, (log) => {
      for (const each of levels) log[each](each);
      for (const [index, each] of levels.entries()) assert.equal(log.writes(each), index >= least);
    });
    assert.deepEqual(lines.map((line) => line.split(" ")[1]), levels.slice(least));
  }
  assert.deepEqual(logged({ level: "silent" }, (log) => log.error("x")), []);
  assert.equal(silent.writes("error"), false);
});

Deno.test("Log writes warnings and errors when nothing was asked for", () => {
  const lines: string[] = [];
  const log = new Log({ sink: (line) => lines.push(line) });
  log.info("unseen");
  log.warn("seen");
  assert.equal(lines.length, 1);
});

const circle: Record<string, unknown> = {};
circle.self = circle;

const values: [name: string, value: unknown, text: string, json: unknown][] = [
  ["a word", "a/b", "a/b", "a/b"],
  ["a space", "a b", '"a b"', "a b"],
  ["nothing", "", '""', ""],
  ["a quote", 'a"b', '"a\\"b"', 'a"b'],
  ["an equals sign", "a=b", '"a=b"', "a=b"],
  ["a letter beyond ASCII", "é", "é", "é"],
  ["a line feed", "a\nb", '"a\\nb"', "a\nb"],
  ["a terminal sequence", "\x1b[2J", '"\\u001b[2J"', "\x1b[2J"],
  ["a C1 control", "\x9b2J", '"\\u009b2J"', "\x9b2J"],
  ["a delete", "\x7f", '"\\u007f"', "\x7f"],
  ["a line separator", "a\u2028b", '"a\\u2028b"', "a\u2028b"],
  ["a direction override", "\u202eb", '"\\u202eb"', "\u202eb"],
  ["a lone surrogate", "\ud800 ", '"\\ud800 "', "\ud800 "],
  ["a number", 1.5, "1.5", 1.5],
  ["a boolean", false, "false", false],
  ["null", null, "null", null],
  ["a big integer", 10n, "10", "10"],
  ["a symbol", Symbol("s"), "Symbol(s)", "Symbol(s)"],
  ["bytes", new Uint8Array(3), '"3 bytes"', "3 bytes"],
  ["an object", { a: [1] }, '"{\\"a\\":[1]}"', { a: [1] }],
  ["an object in itself", circle, '"[object Object]"', "[object Object]"],
  [
    "a long text",
    "x".repeat(5000),
    "x".repeat(defaults.maxValueLength) + "…",
    "x".repeat(defaults.maxValueLength) + "…",
  ],
];

for (const [name, value, text, json] of values) {
  Deno.test(`Log writes ${name} on one safe line`, () => {
    const [line] = logged({}, (log) => log.info("x", { value }));
    assert.equal(line, `${time} info x value=${text}`);
    const [object] = logged({ format: "json" }, (log) => log.info("x", { value }));
    assert.deepEqual(JSON.parse(object!), { time, level: "info", event: "x", value: json });
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(object!, /[\x00-\x1f\x7f-\x9f\u2028\u202e]/);
  });
}

Deno.test("Log leaves out fields that are not defined", () => {
  const write = (log: Log) => log.info("x", { a: undefined, b: 1 });
  assert.deepEqual(logged({}, write), [`${time} info x b=1`]);
  assert.deepEqual(logged({ format: "json" }, write), [
    `{"time":"${time}","level":"info","event":"x","b":1}`,
  ]);
});

Deno.test("Log does not let an event or a field forge a line or a level", () => {
  assert.deepEqual(logged({}, (log) => log.info("a\nb", { "c\nd": 1 })), [
    `${time} info a\\u000ab "c\\nd"=1`,
  ]);
  const [line] = logged({ format: "json" }, (log) => log.info("x", { level: "error", time: 1 }));
  assert.deepEqual(JSON.parse(line!), {
    time,
    level: "info",
    event: "x",
    level_: "error",
    time_: 1,
  });
});

const crash = new Error("Cannot store", { cause: new TypeError("no\nroom", { cause: "disk" }) });

Deno.test("Log names an error, its causes and where it was thrown", () => {
  const plain = new Error("Cannot store", { cause: new TypeError("no room") });
  const [line] = logged({}, (log) => log.error("crash", { error: plain }));
  assert.match(
    line!,
    /^\S+ error crash error="Cannot store: because TypeError: no room" at=\S+log_test\.ts:\d+:\d+$/,
  );
});

Deno.test("Log does not say twice what a cause says, nor where in Deno it was thrown", () => {
  const cause = new Error("Connection refused");
  cause.stack = "Error: Connection refused\n    at Object.connect (ext:deno_net/01_net.js:1:8642)";
  const error = new Error("Cannot connect to x: Connection refused", { cause });
  const [line] = logged({}, (log) => log.warn("down", { error, retryMs: 5 }));
  assert.equal(
    line,
    `${time} warn down error="Cannot connect to x: Connection refused" retryMs=5`,
  );
});

Deno.test("Log writes stacks as text at level debug only, each line indented and safe", () => {
  assert.doesNotMatch(logged({}, (log) => log.error("x", { error: crash }))[0]!, /\n/);
  const [text] = logged({ level: "debug" }, (log) => log.error("x", { error: crash }));
  const [first, ...rest] = text!.split("\n");
  assert.match(first!, /error="Cannot store: because TypeError: no\\nroom: because disk"/);
  assert.ok(rest.length > 2);
  for (const line of rest) assert.match(line, /^ {4}/);
});

Deno.test("Log writes errors with stack and causes as JSON", () => {
  const [line] = logged({ format: "json" }, (log) => log.error("x", { error: crash }));
  const { error } = JSON.parse(line!);
  assert.equal(error.message, "Cannot store");
  assert.match(error.stack, /log_test\.ts/);
  assert.equal(error.cause.name, "TypeError");
  assert.equal(error.cause.cause.message, "disk");
});

Deno.test("Log ends a chain of causes that is a circle", () => {
  const error = new Error("round");
  error.cause = new Error("about", { cause: error });
  const [line] = logged({}, (log) => log.error("x", { error }));
  assert.equal(line!.match(/round|about/g)!.length, defaults.maxCauses);
});

const options = { sanitizeOps: true, sanitizeResources: true };

Deno.test(
  "Log writes to standard error, without any permission, before it returns",
  options,
  async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-check", "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const log = JSON.stringify(new URL("../../actors/log.ts", import.meta.url).href);
    await writer.write(new TextEncoder().encode(
      `import { Log } from ${log}; new Log().warn("slow", { client: "é" }); Deno.exit(3);`,
    ));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    assert.deepEqual([code, stdout.length], [3, 0]);
    assert.match(new TextDecoder().decode(stderr), /^\S+Z warn slow client=é\n$/);
  },
);
