import assert from "node:assert/strict";
import { HookChain, hookDefaults } from "../../../actors/hooks/hook_chain.ts";
import type { Hooks } from "../../../actors/hooks/hooks.ts";
import { Log } from "../../../actors/log.ts";
import { Credentials, Refusal } from "../../../protocols/identity.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, nobody } from "../../protocols/fakes.ts";
import { Hooked, Mail, said } from "../../protocols/hooked.ts";
import { FakeClock, settle } from "../fakes.ts";

const credentials = new Credentials({
  protocol: "mqtt",
  peer: { address: "192.0.2.1:1000", secure: true, certificate: "cn" },
  listener: "door",
  clientId: "c",
  username: "ann",
  password: bytes("secret"),
});

/** Asks who shows the credentials, of several sets of hooks. */
function whoIs(...sets: Hooks[]): { heard: string[]; mail: Mail; hooked: Hooked } {
  const mail = new Mail(), hooked = new Hooked(mail, ...sets), heard: string[] = [];
  hooked.guard.authenticate(credentials, (answer) => heard.push(said(answer)));
  return { heard, mail, hooked };
}

Deno.test("authenticate gives an identity with all that is known", () => {
  const { guard } = new Hooked(new Mail(), {
    authenticate: () => ({ user: "ann", groups: ["g"] }),
  });
  let identity: unknown;
  guard.authenticate(credentials, (answer) => identity = answer);
  assert.deepEqual(identity, {
    user: "ann",
    clientId: "c",
    groups: ["g"],
    certificate: "cn",
    address: "192.0.2.1:1000",
    listener: "door",
  });
});

Deno.test("Without an authenticate hook everybody is nobody", () => {
  assert.deepEqual(whoIs({ authorize: () => false }).heard, ["undefined"]);
});

const refused = "credentials: The credentials are not accepted";
const unavailable = "unavailable: This cannot be decided at the moment";
const verdicts: [name: string, sets: Hooks[], heard: string][] = [
  ["an identity", [{ authenticate: () => ({ user: "ann" }) }], "ann"],
  ["one without a name", [{ authenticate: () => ({}) }], "undefined"],
  ["false", [{ authenticate: () => false }, { authenticate: () => ({ user: "x" }) }], refused],
  ["a refusal", [{ authenticate: () => new Refusal("Banned") }], "forbidden: Banned"],
  ["nothing, from all", [{ authenticate: () => undefined }, {}], refused],
  [
    "nothing, then an identity",
    [{ authenticate: () => undefined }, { authenticate: () => ({ user: "bob" }) }],
    "bob",
  ],
  ["what is no identity", [{ authenticate: (() => "ann") as never }], unavailable],
  [
    "a throw",
    [
      {
        authenticate() {
          throw new Error("no database");
        },
      },
      { authenticate: () => ({ user: "x" }) },
    ],
    unavailable,
  ],
];
for (const [name, sets, heard] of verdicts) {
  Deno.test(`authenticate that answers with ${name} is heard in the same turn`, () => {
    assert.deepEqual(whoIs(...sets).heard, [heard]);
  });
  Deno.test(`authenticate that answers later with ${name} is heard in a turn of its own`, async () => {
    const later = sets.map(({ authenticate }): Hooks => ({
      authenticate: async (shown) => {
        await null;
        return await authenticate?.(shown);
      },
    }));
    const found = whoIs(...later);
    assert.deepEqual(found.heard, []);
    for (let i = 0; i < sets.length; i++) {
      await settle();
      assert.deepEqual(found.heard, []);
      found.mail.turn();
      if (found.heard.length > 0) break;
    }
    assert.deepEqual(found.heard, [heard]);
    assert.equal(found.hooked.clock.pending, 0);
  });
}

Deno.test("A hook that throws is logged with its cause, and no secret", () => {
  const { hooked } = whoIs({
    authenticate() {
      throw new Error("no database");
    },
  });
  assert.match(hooked.lines.join(), /error hook failed hook=authenticate error="no database"/);
  assert.doesNotMatch(hooked.lines.join(), /secret/);
});

Deno.test("A hook that takes too long refuses; what it says afterwards is not heard", async () => {
  const answer = Promise.withResolvers<{ user: string }>();
  const { heard, mail, hooked } = whoIs({ authenticate: () => answer.promise });
  await hooked.clock.move(hookDefaults.hookTimeoutMs - 1);
  mail.turn();
  assert.deepEqual(heard, []);
  await hooked.clock.move(1);
  answer.resolve({ user: "late" });
  await settle();
  mail.turn();
  assert.deepEqual(heard, [unavailable]);
  assert.match(hooked.lines.join(), /No answer came within 10000 ms/);
});

Deno.test("A late answer that finds the mailbox full is brought again", async () => {
  const { heard, mail, hooked } = whoIs({ authenticate: () => Promise.resolve({ user: "ann" }) });
  mail.hasRoom = false;
  await settle();
  mail.hasRoom = true;
  await hooked.clock.move(1_000);
  mail.turn();
  assert.deepEqual(heard, ["ann"]);
});

Deno.test("authorize: the first refusal wins, and later sets are not asked", () => {
  const asked: string[] = [];
  const set = (name: string, answer: boolean | Refusal | undefined): Hooks => ({
    authorize({ action, topic }) {
      asked.push(`${name} ${action} ${topic}`);
      return answer;
    },
  });
  const ask = (...sets: Hooks[]): string => {
    const { guard } = new Hooked(new Mail(), ...sets);
    let heard = "";
    const access = { identity: nobody, topic: "a", qos: 0, retain: false } as const;
    guard.authorize({ ...access, action: "publish" }, (answer) => heard = said(answer));
    return heard;
  };
  assert.equal(ask(set("1", true), set("2", undefined)), "yes");
  assert.equal(ask(set("3", false), set("4", true)), 'forbidden: Not allowed to publish "a"');
  assert.equal(ask(set("5", true), set("6", new Refusal("No"))), "forbidden: No");
  assert.deepEqual(asked, ["1", "2", "3", "5", "6"].map((name) => `${name} publish a`));
});

Deno.test("published: each set sees what the one before made of it", async () => {
  const louder: Hooks = {
    published: ({ topic, payload, qos, retain }) =>
      new Publication(`${topic}/loud`, bytes(`${new TextDecoder().decode(payload)}!`), {
        qos,
        retain,
      }),
  };
  const mail = new Mail();
  const later: Hooks = { published: (...args) => Promise.resolve(louder.published!(...args)) };
  const { guard } = new Hooked(mail, louder, {}, { published: () => undefined }, later);
  const origin = {};
  const heard: (Publication | Refusal)[] = [];
  const given = new Publication("a", bytes("hi"), { qos: 1, retain: true, time: 5, origin });
  guard.publish(given, nobody, (answer) => heard.push(answer));
  await settle();
  mail.turn();
  const [made] = heard as Publication[];
  assert.equal(said(made), "a/loud/loud hi!!");
  // Who published it, and when, stays.
  assert.deepEqual([made!.qos, made!.retain, made!.time], [1, true, 5]);
  assert.equal(made!.origin, origin);
});

Deno.test("published may not name a topic that is none, nor one of the gateway's own", () => {
  for (const topic of ["", "a/#", "$SYS/broker/uptime"]) {
    const hooked = new Hooked(new Mail(), { published: () => new Publication(topic, bytes("")) });
    let heard = "";
    const given = new Publication("a", bytes(""));
    hooked.guard.inspect(given, nobody, (answer) => heard = said(answer));
    assert.equal(heard, unavailable);
    assert.match(hooked.lines.join(), /hook failed/);
  }
});

Deno.test("Those who only hear are told in order, whatever one of them throws", async () => {
  const heard: string[] = [];
  const failing: Hooks = {
    connected() {
      throw new Error("first");
    },
    disconnected: () => Promise.reject(new Error("second")),
  };
  const { guard, lines } = new Hooked(new Mail(), failing, {
    connected: () => heard.push("connected"),
    disconnected: () => heard.push("disconnected"),
    subscribed: ({ filter, qos }) => heard.push(`${filter} ${qos}`),
  });
  guard.connected(nobody);
  guard.subscribed(nobody, "a/#", 1);
  guard.disconnected(nobody);
  await settle();
  assert.deepEqual(heard, ["connected", "a/# 1", "disconnected"]);
  assert.equal(lines.length, 2);
});

Deno.test("Hooks that are taken away are asked no more, and stop() waits for none", () => {
  const clock = new FakeClock();
  const chain = new HookChain(new Log({ level: "silent" }), clock, hookDefaults);
  const hooks: Hooks = { authorize: () => Promise.resolve(true) };
  const remove = chain.add(hooks);
  assert.equal(chain.has("authorize"), true);
  const question = { hook: "authorize", judge: () => undefined, none: () => undefined } as const;
  const asker = { later: () => assert.fail("nobody waits"), decided: () => {} };
  chain.ask({ ...question, ask: (each) => each.authorize?.({} as never) }, asker);
  assert.equal(clock.pending, 1);
  chain.stop();
  assert.equal(clock.pending, 0);
  remove();
  assert.equal(chain.has("authorize"), false);
});
