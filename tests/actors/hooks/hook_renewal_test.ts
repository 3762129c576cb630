import assert from "node:assert/strict";
import type { Hooks } from "../../../actors/hooks/hooks.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, nobody } from "../../protocols/fakes.ts";
import { Hooked, Mail, said } from "../../protocols/hooked.ts";
import { settle } from "../fakes.ts";

/** Asks whether something may be published, of a hook that takes its time and of others. */
function publishing(...others: Hooks[]) {
  const mail = new Mail(), heard: string[] = [], answers: PromiseWithResolvers<boolean>[] = [];
  const slow: Hooks = {
    authorize() {
      const answer = Promise.withResolvers<boolean>();
      answers.push(answer);
      return answer.promise;
    },
  };
  const hooked = new Hooked(mail, ...others, slow);
  const given = new Publication("a", bytes("x"));
  hooked.guard.publish(given, nobody, (answer) => heard.push(said(answer)));
  const give = async (answer: boolean) => {
    answers.pop()!.resolve(answer);
    await settle();
    mail.turn();
  };
  return { ...hooked, chain: hooked.chain, mail, heard, give };
}

const forbidden = 'forbidden: Not allowed to publish "a"';

Deno.test("A late answer does not count by rules that others have replaced meanwhile", async () => {
  const before: Hooks = { authorize: () => true };
  // Whether the rules are asked before or after the hook that is late.
  for (const isBehind of [false, true]) {
    const asking = publishing(...isBehind ? [] : [before]), { chain, heard, give } = asking;
    const remove = isBehind ? chain.add(before) : () => {};
    chain.add({ authorize: () => false });
    remove();
    await give(true);
    if (heard.length === 0) await give(true);
    assert.deepEqual(heard, [forbidden]);
  }
});

Deno.test("A late refusal does not count either, when others would allow it now", async () => {
  const { chain, heard, give } = publishing();
  chain.add({ authorize: () => true });
  await give(false);
  assert.deepEqual(heard, []);
  await give(true);
  assert.deepEqual(heard, ["a x"]);
});

Deno.test("Hooks that say nothing of what may be done change nothing for a late answer", async () => {
  const { chain, heard, give } = publishing();
  chain.add({ connected() {} });
  await give(true);
  assert.deepEqual(heard, ["a x"]);
});

Deno.test("What was allowed is asked about again when others decide before it has been looked at", async () => {
  const look = Promise.withResolvers<void>(), mail = new Mail(), heard: string[] = [];
  const { guard, chain } = new Hooked(mail, {
    authorize: () => true,
    published: () => look.promise,
  });
  guard.publish(new Publication("a", bytes("x")), nobody, (answer) => heard.push(said(answer)));
  chain.add({ authorize: () => false });
  look.resolve();
  await settle();
  mail.turn();
  assert.deepEqual(heard, [forbidden]);
});
