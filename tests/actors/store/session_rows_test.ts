import assert from "node:assert/strict";
import { sessionValues } from "../../../actors/store/session_rows.ts";
import { FakeGrant } from "../../protocols/hooked.ts";
import { someone } from "../identity/people.ts";

Deno.test("Who a session belongs to is written down, and not what the login stood on", () => {
  const record = {
    key: 1,
    name: "a",
    expirySeconds: 60,
    expiresAt: undefined,
    willDelaySeconds: 0,
    willAt: undefined,
    will: undefined,
  };
  const identity = someone({ user: "ann" });
  const values = sessionValues({ ...record, identity: { ...identity, grant: new FakeGrant() } });
  assert.deepEqual(values, sessionValues({ ...record, identity }));
  assert.equal(JSON.parse(values[2] as string).user, "ann");
});
