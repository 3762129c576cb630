import assert from "node:assert/strict";
import type { Running } from "../../../../actors/command/command.ts";
import { load, type Loaded } from "../../../../actors/command/config/load.ts";
import { followConfig } from "../../../../actors/command/serve/follow_config.ts";
import { LivePolicy } from "../../../../actors/command/serve/live_policy.ts";
import type { Hooks } from "../../../../actors/hooks/hooks.ts";
import type { PolicyOptions, PolicyRule } from "../../../../actors/identity/mod.ts";
import { Log } from "../../../../actors/log.ts";
import { someone } from "../../identity/people.ts";
import { FakeHost } from "../fakes.ts";

const config = "meerkat.json", args = ["--config", config];
const ours: PolicyRule = { allow: "all", topics: ["ours/#"] };
const yours: PolicyRule = { allow: "all", topics: ["yours/#"] };

/** A gateway that runs with this file, and what is said about the file's later versions. */
async function follow(file: Record<string, unknown>) {
  const host = new FakeHost({ [config]: JSON.stringify(file) });
  const { settings } = await load(args, host) as Loaded;
  let heard = Promise.withResolvers<string>();
  const log = new Log({ level: "debug", format: "text", sink: (line) => heard.resolve(line) });
  const ended = followConfig({ args, config, settings, running: host.running as Running }, {
    host,
    log,
  });
  const change = async (text: string | undefined) => {
    heard = Promise.withResolvers();
    if (text === undefined) delete host.files[config];
    else host.files[config] = text;
    host.watched.get(config)!();
    return await heard.promise;
  };
  return { host, ended, change: (next: unknown) => change(JSON.stringify(next)), write: change };
}

Deno.test("New rules count as soon as they are in the file, the same ones do not again", async () => {
  const { host, ended, change } = await follow({ policy: { rules: [ours] } });
  assert.match(await change({ policy: { rules: [yours, ours] } }), /policy renewed/);
  const other = { policy: { rules: [yours, ours] }, logLevel: "debug" };
  assert.match(await change(other), /waits for a restart/);
  assert.match(await change({ ...other, policy: { rules: [yours] } }), /policy renewed/);
  assert.deepEqual(host.renewed.map(({ rules }) => rules.length), [2, 1]);
  ended();
  assert.equal(host.watched.size, 0);
});

Deno.test("A file with faults changes nothing, and what is wrong is said", async () => {
  const { host, ended, change, write } = await follow({ policy: { rules: [ours] } });
  assert.match(await write("{"), /cannot use new configuration.*meerkat.json:1:2/);
  const bad = { policy: { rules: [{ allow: "everything" }] } };
  assert.match(await change(bad), /cannot use new configuration.*everything/);
  assert.match(await write(undefined), /cannot use new configuration/);
  assert.deepEqual(host.renewed, []);
  assert.match(await change({ policy: { rules: [yours] } }), /policy renewed/);
  ended();
});

Deno.test("A policy neither comes nor goes without a restart", async () => {
  const without = {}, withOne = { policy: { rules: [ours] } };
  for (const [first, then] of [[without, withOne], [withOne, without]] as const) {
    const { host, ended, change } = await follow(first);
    assert.match(await change(then), /waits for a restart/);
    assert.deepEqual(host.renewed, []);
    ended();
  }
});

Deno.test("There is no moment without a policy while one takes the place of another", () => {
  const used: Hooks[] = [], counts: number[] = [];
  const live = new LivePolicy({ rules: [{ allow: "read", paths: ["/a"] }] }, (hooks) => {
    counts.push(used.push(hooks));
    return () => void used.splice(used.indexOf(hooks), 1);
  });
  const mayUse = (path: string) => live.mayUse(someone(), "GET", path).allowed;
  assert.deepEqual([mayUse("/a"), mayUse("/b")], [true, false]);
  const next: PolicyOptions = { rules: [{ allow: "read", paths: ["/b"] }] };
  live.replace(next);
  assert.deepEqual([mayUse("/a"), mayUse("/b")], [false, true]);
  live.replace(next);
  assert.deepEqual([counts, used.length], [[1, 2, 2], 1]);
});
