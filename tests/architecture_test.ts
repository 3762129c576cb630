import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** Which folders a folder may import from, and of which it may import more than types. */
const rules: Record<string, { types: string[]; values: string[] }> = {
  transports: { types: ["transports"], values: ["transports"] },
  protocols: { types: ["protocols"], values: ["protocols"] },
  actors: { types: ["actors", "protocols", "transports"], values: ["actors"] },
};

/** Runs a client library over our transports and framing: what a gateway never loads unless asked. */
const CLIENTS = "actors/clients/";

/** Features that stand above a protocol, and run its functions: what a gateway loads when asked. */
const FEATURES = /^actors\/(clients|web|identity|store|dns|presence)\//;

/** The words of the trade that actors share with protocols. */
const sharedValues = [
  "protocols/deadlines.ts",
  "protocols/identity.ts",
  "protocols/mqtt/url.ts",
  "protocols/owner.ts",
  "protocols/publication.ts",
  "protocols/session.ts",
  "protocols/topic.ts",
  "protocols/traffic.ts",
  "protocols/trail.ts",
  // Pure as those: revocation lists are read by whoever checks one, and by whoever makes one.
  "transports/tls/trusted_lists.ts",
];

/** Built-in modules that compute, and neither wait nor touch the outside: of zlib, what ends in Sync. */
const pureBuiltIns = ["node:crypto", "node:buffer", "node:zlib"];

async function sources(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, root))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await sources(path));
    else if (name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(path: string, source: string): Import[] {
  const found: Import[] = [];
  const pattern = /^(?:import|export)\s+(type\s)?([^;]*?)\s*from\s+"([^"]+)"/gm;
  for (const [, type, names, specifier] of source.matchAll(pattern)) {
    const inline = /^\{[^}]*\}$/.test(names!) &&
      names!.slice(1, -1).split(",").every((name) => /^\s*(type\s|$)/.test(name));
    const to = specifier!.startsWith(".")
      ? new URL(specifier!, new URL(path, root)).href.slice(root.href.length)
      : specifier!;
    found.push({ from: path, to, typeOnly: type !== undefined || inline });
  }
  return found;
}

/** Source without its comments, which may speak of anything. */
function code(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}

for (const [folder, { types, values }] of Object.entries(rules)) {
  Deno.test(`${folder}/ imports only from ${types.join(", ")}`, async () => {
    const strays: string[] = [];
    for (const path of await sources(folder)) {
      for (const { to, typeOnly } of importsOf(path, await read(path))) {
        if (/^(node|npm|jsr):|^@std\//.test(to)) continue;
        // In one file, which is loaded with the first client.
        if (to === "mqtt" && path === `${CLIENTS}npm_mqtt.ts`) continue;
        if (FEATURES.test(path) && /^(protocols|transports)\//.test(to)) continue;
        const home = to.split("/")[0]!;
        const allowed = typeOnly ? types.includes(home) : values.includes(home);
        if (!allowed && !sharedValues.includes(to)) strays.push(`${path} imports ${to}`);
      }
    }
    assert.deepEqual(strays, []);
  });
}

Deno.test("protocols/ is pure: no sockets, no clock, no promise", async () => {
  const impure =
    /\bDeno\.|\bset(Timeout|Interval|Immediate)\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\basync\b|\bawait\b|\bPromise\b|\bfetch\(|\bMath\.random\b/;
  const strays: string[] = [];
  for (const path of (await sources("protocols")).filter((each) => !each.endsWith(".d.ts"))) {
    const source = await read(path);
    const found = code(source).match(impure);
    if (found) strays.push(`${path} uses ${found[0]}`);
    for (const { to } of importsOf(path, source)) {
      if (to.startsWith("node:") && !pureBuiltIns.includes(to)) strays.push(`${path} uses ${to}`);
    }
  }
  assert.deepEqual(strays, []);
});

Deno.test("No two files import each other in a circle", async () => {
  const graph = new Map<string, string[]>();
  for (const folder of Object.keys(rules)) {
    for (const path of await sources(folder)) {
      const values = importsOf(path, await read(path)).filter(({ typeOnly }) => !typeOnly);
      graph.set(path, values.map(({ to }) => to));
    }
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: string[]) => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("No source file has outgrown 300 lines", async () => {
  const long: string[] = [];
  for (const folder of [...Object.keys(rules), "examples", "tests"]) {
    for (const path of await sources(folder)) {
      const lines = (await read(path)).split("\n").length - 1;
      if (lines > 300) long.push(`${path} has ${lines}`);
    }
  }
  assert.deepEqual(long, []);
});

Deno.test("The packages are the allowed ones", async () => {
  const { imports } = JSON.parse(await read("deno.json")) as { imports: Record<string, string> };
  for (const [name, target] of Object.entries(imports)) {
    assert.match(target, /^npm:(deno-std|mqtt)@/, `${name} is ${target}`);
  }
});

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, root));
}
