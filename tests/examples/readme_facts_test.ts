import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Child, run } from "../interop/child.ts";
import { start } from "../gateway/meerkat.ts";
import { permissions } from "../gateway/permissions.ts";
import { blocksOf, readme, rowsOf, section } from "./readme.ts";

const root = new URL("../../", import.meta.url);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

async function help(): Promise<string> {
  await using child = start(["--help"]);
  return new TextDecoder().decode((await child.ended()).stdout);
}

/** A folder with the configuration of the README in `meerkat.json`, changed by `edit`. */
async function check(edit: (text: string) => string): Promise<{ code: number; said: string }> {
  const cwd = await Deno.makeTempDir();
  try {
    const { text } = blocksOf(section("Configuration file"))
      .find(({ language }) => language === "json")!;
    await Deno.writeTextFile(`${cwd}/meerkat.json`, edit(text));
    await using child = start(["check", "--config", "meerkat.json"], { cwd });
    const { code, stdout, stderr } = await child.ended();
    return { code, said: new TextDecoder().decode(stdout) + stderr };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

test("The README has every flag and every listener that --help has, and no others", async () => {
  const text = await help();
  const flags = (from: string) => [...new Set(from.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g))].sort();
  const known = text.slice(text.indexOf("\nFlags:"), text.indexOf("\nListeners:"));
  const rows = rowsOf(section("Flags and listeners")).map(([first]) => first).join("\n");
  assert.deepEqual(flags(rows), flags(known.replaceAll(/ {20}.*/g, "")));
  const schemes = (from: string) =>
    new Set(from.match(/[a-z+]+(?=:\/\/(?:HOST|…)|:\/PATH|:\/\/…)/g));
  assert.deepEqual(schemes(rows), schemes(text));
});

test("The README has every limit with its default", async () => {
  const text = await help();
  const limits = text.slice(text.indexOf("\nLimits:"), text.indexOf("\n  They are set"));
  const known = [...limits.matchAll(/^ {2}(\w+) [\s\S]*?Default:\s+(\w+)/gm)]
    .map(([, name, value]) => [`\`${name}\``, value]);
  const rows = rowsOf(section("Limits")).filter(([first]) => first.startsWith("`"));
  assert.ok(known.length > 10);
  assert.deepEqual(rows, known);
});

test("The README shows the least permissions that are tested", () => {
  assert.ok(section("Safe by default").includes(`deno run ${permissions.join(" ")} mod.ts`));
  return Promise.resolve();
});

test("The README lists every section at its beginning, and its links lead somewhere", async () => {
  const anchor = (title: string) =>
    "#" + title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
  const text = readme.replace(/^```[\s\S]*?^```$/gm, "");
  const titles = (level: RegExp) => [...text.matchAll(level)].map(([, title]) => anchor(title!));
  const links = (from: string) => [...from.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
  const contents = links(text.slice(0, text.indexOf("\n## ")));
  assert.deepEqual(titles(/^## (.*)$/gm).filter((each) => !contents.includes(each)), []);
  const known = titles(/^#{2,3} (.*)$/gm);
  for (const to of links(text).filter((each) => !each.startsWith("http"))) {
    if (to.startsWith("#")) assert.ok(known.includes(to), to);
    else await Deno.stat(new URL(to, root));
  }
});

test("The README names every setting of the configuration file", async () => {
  await using child = start(["schema"]);
  const schema = JSON.parse(new TextDecoder().decode((await child.ended()).stdout));
  const named = new Set(readme.match(/[$\w]+/g)), unnamed: string[] = [];
  const look = (at: Record<string, unknown>, path: string) => {
    for (const [name, each] of Object.entries(at.properties ?? {})) {
      if (!named.has(name)) unnamed.push(`${path}${name}`);
      look(each as Record<string, unknown>, `${path}${name}.`);
    }
    const inner = [at.items, at.additionalProperties, ...(at.anyOf ?? []) as unknown[]];
    for (const each of inner) {
      if (typeof each === "object") look(each as Record<string, unknown>, path);
    }
  };
  look(schema, "");
  assert.deepEqual(unnamed, []);
});

test("The configuration in the README is right, and what it says of a wrong one is true", async () => {
  const right = await check((text) => text);
  assert.equal(right.code, 0, right.said);
  const wrong = await check((text) => text.replace("drain", "drian").replace("256KiB", "256KB"));
  const [shown] = blocksOf(section("Configuration file")).filter(({ language }) =>
    language === "text"
  );
  assert.deepEqual(wrong, { code: 1, said: shown!.text });
});

test("The service in the README starts with no more than it may do, and stops", async () => {
  const { text } = blocksOf(section("As a service")).find(({ language }) => language === "ini")!;
  const [, line] = /^ExecStart=\S+ (.*)$/m.exec(text.replace(/ \\\n\s*/g, " "))!;
  const folder = await Deno.makeTempDir();
  try {
    for (const each of ["etc", "var"]) await Deno.mkdir(`${folder}/${each}`);
    const settings = { listen: ["http://127.0.0.1:0", "mqtt://127.0.0.1:0"] };
    await Deno.writeTextFile(`${folder}/etc/meerkat.json`, JSON.stringify(settings));
    const places = { "/etc/meerkat": `${folder}/etc`, "/var/lib/meerkat": `${folder}/var` };
    const args = line!.replace(
      /\/etc\/meerkat|\/var\/lib\/meerkat/g,
      (place) => places[place as keyof typeof places],
    );
    await using child = new Child(Deno.execPath(), args.split(" "), { cwd: fileURLToPath(root) });
    await child.linesFrom(0, 2);
    await Deno.stat(`${folder}/var/meerkat.db`);
    child.kill("SIGTERM");
    assert.equal((await child.ended()).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("The configuration for those who come from Mosquitto has no faults", async () => {
  const { text } = blocksOf(section("From Mosquitto")).find(({ language }) => language === "json")!;
  const cwd = await Deno.makeTempDir();
  try {
    await using cert = start(["cert"], { cwd });
    assert.equal((await cert.ended()).code, 0);
    await using passwd = start(["passwd", "set", "users", "ann"], { cwd });
    await passwd.write("secret\n");
    await passwd.closeInput();
    assert.equal((await passwd.ended()).code, 0);
    await Deno.writeTextFile(`${cwd}/meerkat.json`, text);
    await using check = start(["check", "--config", "meerkat.json"], { cwd });
    const { code, stderr } = await check.ended();
    assert.equal(code, 0, stderr);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

/** The first program of the library, on free ports and not for long. */
function firstProgram(from: string): string {
  const { text } = blocksOf(section("The library"))[0]!;
  return text.replace(/port: \d+/g, "port: 0")
    .replace('"./mod.ts"', JSON.stringify(from))
    .replace("await hub.finished", "await hub.stop()");
}

test("The first program in the README runs in a folder of its own, as told there", async () => {
  const { text } = blocksOf(section("The library")).find(({ language }) => language === "json")!;
  const cwd = await Deno.makeTempDir();
  try {
    const here = JSON.stringify(fileURLToPath(root));
    await Deno.writeTextFile(`${cwd}/deno.json`, text.replace('"../meerkat"', here));
    await Deno.writeTextFile(`${cwd}/main.ts`, firstProgram("@meerkat/gateway"));
    const args = ["run", "-A", "--check", "--quiet", "main.ts"];
    await using child = new Child(Deno.execPath(), args, { cwd });
    const { code, stderr } = await child.ended();
    assert.equal(code, 0, stderr);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

test("The first program in the README runs", async () => {
  const program = firstProgram(new URL("mod.ts", root).href);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const config = new URL("deno.json", root).pathname;
    await run(Deno.execPath(), "run", "-A", "--check", "--quiet", "--config", config, file);
  } finally {
    await Deno.remove(file);
  }
});

test("The map in the README names every source file, and no other", async () => {
  const files = ["mod.ts"];
  for (const folder of ["actors/", "protocols/", "transports/"]) files.push(...await under(folder));
  const named = mapped(section("Where is what"));
  const fits = (name: string, file: string) =>
    new RegExp(`^${RegExp.escape(name).replaceAll("\\*", ".*")}$`).test(file);
  const missing = files.filter((file) => !named.some((name) => fits(name, file)));
  assert.deepEqual(missing, [], "Files that the map does not name");
  const sources = named.filter((name) => name.endsWith(".ts") && !name.startsWith("tests/"));
  const dead = sources.filter((name) => !files.some((file) => fits(name, file)));
  assert.deepEqual(dead, [], "Files that the map names and that are not there");
});

async function under(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) found.push(...await under(`${folder}${name}/`));
    else if (name.endsWith(".ts")) found.push(folder + name);
  }
  return found;
}

/** Paths in the first column of the map's tables. One without a folder is where the one before is. */
function mapped(map: string): string[] {
  const paths: string[] = [];
  let top = "", folder = "";
  for (const [cell, next] of rowsOf(map)) {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
    const begins = /^`((?:actors|protocols|transports|tests)\/[\w/]*)`$/.exec(cell);
    if (next === "what" || begins) {
      top = folder = begins?.[1] ?? "";
      continue;
    }
    folder = top;
    for (const name of names) {
      const slash = name.lastIndexOf("/") + 1;
      if (slash > 0) folder = top + name.slice(0, slash);
      paths.push(folder + name.slice(slash));
    }
  }
  return paths;
}

test("Every link in the README leads somewhere", async () => {
  const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    `#${title!.toLowerCase().replace(/[^\w\s-]/g, "").replaceAll(" ", "-")}`
  );
  for (const [, target] of readme.matchAll(/\]\(([^)]+)\)/g)) {
    if (target!.startsWith("#")) assert.ok(headings.includes(target!), target);
    else if (!target!.startsWith("https:")) await Deno.stat(new URL(target!, root));
  }
});
