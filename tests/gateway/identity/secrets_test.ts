import assert from "node:assert/strict";
import { authenticators, gateway, jwt, Log, passwordFile, policy } from "../../../mod.ts";
import { folder, secret } from "../../actors/identity/people.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { testWith } from "../../interop/programs.ts";
import { doors, hash, shown } from "./doors.ts";

/** Every way in which somebody might have written a secret down. */
function spellings(text: string): string[] {
  const withName = btoa(`ann:${text}`);
  return [
    text,
    encodeURIComponent(text),
    btoa(text),
    withName,
    new TextEncoder().encode(text).toHex(),
  ];
}

testWith(
  ["coap-client"],
  "No password and no token is in the log, in $SYS, in counters or in the tree, whatever the door",
  async () => {
    const { path } = await folder(), lines: string[] = [], seen: string[] = [];
    const log = new Log({ level: "debug", sink: (line) => lines.push(line) });
    await Deno.writeTextFile(`${path}/users`, `ann:${hash}\n`);
    await using hub = gateway({ log, sysIntervalMs: 50 });
    const answers: string[] = [];
    hub.use(authenticators([jwt({ secret }), passwordFile(`${path}/users`)]));
    // A policy that fails says why: that, too, must not quote what clients show.
    hub.use({
      authorize({ topic }) {
        if (topic.endsWith("broken")) throw new Error("no database");
        return undefined;
      },
    });
    hub.use(policy({ rules: [{ allow: "all", topics: ["home/#"] }] }));
    hub.subscribe("$SYS/#", ({ topic, payload }) => {
      seen.push(`${topic} ${new TextDecoder().decode(payload)}`);
    });
    const ports = await listenToAll(hub);
    for (const door of Object.values(doors)) {
      for (const what of Object.values(shown)) {
        for (const topic of ["home/a", "home/broken", "other"]) {
          answers.push(await door(ports, topic, what));
        }
      }
    }
    assert.ok(lines.length > 0 && seen.length > 0 && answers.includes("201"));
    const all = JSON.stringify([lines, seen, hub.tree(), [...hub.counters], answers]);
    const secrets = Object.values(shown).flatMap((each) => Object.values(each)) as string[];
    for (const text of [...new Set([...secrets, secret])].flatMap(spellings)) {
      // The word itself stands in the names of things.
      if (text === "secret") continue;
      assert.ok(!all.includes(text), `${text} is in what an operator sees`);
    }
    assert.doesNotMatch(all, /"secret"|[=:]secret\b/);
    await Deno.remove(path, { recursive: true });
  },
);
