import assert from "node:assert/strict";
import { flags, readFlags } from "../../../actors/command/config/flags.ts";
import { limits } from "../../../actors/command/settings/limits.ts";
import { schemes } from "../../../actors/command/settings/listen_url.ts";
import { FakeHost } from "./fakes.ts";

async function textOf(...args: string[]): Promise<string> {
  const host = new FakeHost();
  assert.equal(await host.run(...args), 0);
  assert.deepEqual([host.err, host.settings], [[], undefined]);
  return host.out.join("\n");
}

const help = await textOf("--help");

Deno.test("help comes for every way to ask for it, whatever else is wrong", async () => {
  for (const args of ["-h", "help", "check --help", "schema -h", "--lisen x --help", "chek -h"]) {
    assert.equal(await textOf(...args.split(" ")), help, args);
  }
});

Deno.test("help shows every flag with its value and its default", () => {
  const words = help.replace(/\s+/g, " ");
  for (const { name, setting: { kind, doc, default: usual } } of flags) {
    assert.ok(words.includes(`${name} ${kind.hint}`.trimEnd() + ` ${doc}`), name);
    for (const each of [usual].flat()) if (each) assert.ok(words.includes(String(each)), name);
  }
});

Deno.test("help shows every scheme, every limit and the limits' defaults", () => {
  for (const scheme of Object.keys(schemes)) {
    assert.match(help, new RegExp(`^  ${RegExp.escape(scheme)}:/`, "m"));
  }
  for (const name of Object.keys(limits)) assert.match(help, new RegExp(`^  ${name} `, "m"));
  for (const usual of ["1MiB", "250ms", "32"]) {
    assert.match(help, new RegExp(`Default: ${usual}$`, "m"));
  }
});

Deno.test("help fits into 80 columns", () => {
  for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("help gives examples that the flags understand", () => {
  const examples = help.split("Examples:\n")[1]!.split("\n").map((line) => line.trim());
  assert.ok(examples.length >= 5);
  for (const example of examples) {
    const [, args] = /^deno run -A mod\.ts ?(?:check |schema )?([^>]*)/.exec(example)!;
    const words = args!.split(" ").filter((word) => word !== "");
    assert.deepEqual(readFlags(words).faults, [], example);
  }
});

Deno.test("version is one line", async () => {
  for (const args of ["--version", "-V", "serve -V"]) {
    assert.equal(await textOf(...args.split(" ")), "meerkat 1.2.3");
  }
});
