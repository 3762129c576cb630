import assert from "node:assert/strict";
import { admissionDefaults } from "../actors/connections/admission.ts";
import { connectionDefaults } from "../actors/connections/connection_options.ts";
import { endpointDefaults } from "../actors/connections/endpoint.ts";
import { hookDefaults } from "../actors/hooks/hook_chain.ts";
import { retainedDefaults } from "../actors/space/retained.ts";
import { defaults as coap } from "../protocols/coap/limits.ts";
import { defaults as http } from "../protocols/http/limits.ts";
import { defaults as mqtt } from "../protocols/mqtt/limits.ts";
import { defaults as websocket } from "../protocols/websocket/limits.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** One export, or one member of it, as `deno doc --json` describes it. */
interface Documented {
  name: string;
  jsDoc?: { doc?: string; tags?: { kind: string; doc?: string }[] };
  def?: { properties?: Documented[] };
  optional?: boolean;
}

async function deno(...args: string[]): Promise<{ success: boolean; said: string }> {
  const cwd = new URL("../", import.meta.url);
  const env = { NO_COLOR: "1" };
  const command = new Deno.Command(Deno.execPath(), { args, cwd, env });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { success, said: text.decode(stdout) + text.decode(success ? undefined : stderr) };
}

/** Everything that mod.ts exports. */
async function exported(): Promise<Documented[]> {
  const { nodes } = JSON.parse((await deno("doc", "--json", "mod.ts")).said) as {
    nodes: Record<string, { symbols: { name: string; declarations: Documented[] }[] }>;
  };
  return Object.values(nodes).flatMap(({ symbols }) =>
    symbols.flatMap(({ name, declarations }) => declarations.map((each) => ({ ...each, name })))
  );
}

Deno.test("Every export of mod.ts is described in a sentence", strict, async () => {
  const nodes = await exported();
  assert.ok(nodes.length > 80, `Only ${nodes.length} exports were found`);
  const dumb = nodes.filter(({ jsDoc }) => !/^[A-Z`].*[.:](\s|$)/s.test(jsDoc?.doc ?? ""));
  assert.deepEqual(dumb.map(({ name }) => name), []);
});

Deno.test("Every export of mod.ts has an example that can fail", strict, async () => {
  const lacking: string[] = [];
  for (const { name, jsDoc } of await exported()) {
    const examples = (jsDoc?.tags ?? []).filter(({ kind }) => kind === "example");
    const titled = /^[A-Z][^\n]*\n```ts\n/;
    const shows = new RegExp(`^import [^;]*\\b${name}\\b[^;]* from "@meerkat/gateway";$`, "m");
    const all = examples.every(({ doc = "" }) => titled.test(doc) && /\bassert[.(]/.test(doc));
    const own = examples.some(({ doc = "" }) => shows.test(doc));
    if (!all || !own) lacking.push(name);
  }
  assert.deepEqual(lacking, []);
});

Deno.test("mod.ts exports every type that its exports name", strict, async () => {
  const nodes = await exported();
  const known = new Set(nodes.map(({ name }) => name));
  const unknown = new Set<string>();
  JSON.stringify(nodes, (_key, value) => {
    const { typeName, resolution } = value?.kind === "typeRef" ? value.value : {};
    const isOurs = resolution?.kind === "import" || resolution?.kind === "local";
    if (isOurs && !known.has(typeName)) unknown.add(typeName);
    return value;
  });
  assert.deepEqual([...unknown], []);
});

Deno.test("Every limit is documented with its default", strict, async () => {
  const all: Record<string, object> = {
    AdmissionLimits: admissionDefaults,
    CoapLimits: coap,
    ConnectionLimits: connectionDefaults,
    EndpointLimits: endpointDefaults,
    HookLimits: hookDefaults,
    HttpLimits: http,
    MqttLimits: mqtt,
    RetainedLimits: retainedDefaults,
    WebSocketLimits: websocket,
  };
  const nodes = await exported();
  for (const [name, defaults] of Object.entries(all)) {
    const members = nodes.find((each) => each.name === name)?.def?.properties ?? [];
    const limits = members.filter(({ optional }) => !optional);
    const documented = limits.map(({ name, jsDoc }) => [name, defaultIn(jsDoc?.doc ?? "")]);
    assert.deepEqual(Object.fromEntries(documented), { ...defaults }, name);
  }
});

Deno.test("deno doc --lint has nothing to say about mod.ts", strict, async () => {
  const { success, said } = await deno("doc", "--lint", "mod.ts");
  assert.ok(success, said);
});

/** The number in `default 1,024` or `default 16 KiB`, the word in a default that is quoted. */
function defaultIn(doc: string): number | string | undefined {
  const word = /\bdefault `([\w-]+)`/.exec(doc)?.[1];
  if (word !== undefined) return word;
  const [, digits, unit] = /\bdefault ([\d,.]*\d)(?: (KiB|MiB))?/.exec(doc) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits.replaceAll(",", "")) * (unit === "KiB" ? 1 << 10 : unit ? 1 << 20 : 1);
}
