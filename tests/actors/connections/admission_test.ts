import assert from "node:assert/strict";
import { AccessList } from "../../../actors/connections/access_list.ts";
import { Admission, admissionDefaults } from "../../../actors/connections/admission.ts";

const clock = { now: () => 0 };

Deno.test("Admission lets in as many as its limit, and again when some have left", () => {
  const admission = new Admission({ ...admissionDefaults, maxConnections: 2 }, clock);
  assert.equal(admission.enter("192.0.2.1:1"), true);
  assert.equal(admission.enter("192.0.2.2:1"), true);
  assert.equal(admission.enter("192.0.2.3:1"), false);
  admission.leave("192.0.2.1:1");
  assert.equal(admission.enter("192.0.2.3:1"), true);
  const { connections, admitted, refused } = admission;
  assert.deepEqual([connections, admitted, refused], [2, 3, 1]);
});

Deno.test("Admission counts an address whatever its port, and each address for itself", () => {
  const admission = new Admission({ ...admissionDefaults, maxConnectionsPerAddress: 2 }, clock);
  for (const port of [1, 2]) assert.equal(admission.enter(`192.0.2.1:${port}`), true);
  assert.equal(admission.enter("192.0.2.1:3"), false);
  assert.equal(admission.enter("192.0.2.11:3"), true);
  for (const port of [1, 2]) assert.equal(admission.enter(`[2001:db8::1]:${port}`), true);
  assert.equal(admission.enter("[2001:db8::1]:3"), false);
  assert.equal(admission.enter("[2001:db8::11]:3"), true);
  admission.leave("192.0.2.1:1");
  assert.equal(admission.enter("192.0.2.1:4"), true);
  assert.equal(admission.enter("192.0.2.1:5"), false);
});

Deno.test("Clients of one Unix socket share an address", () => {
  const admission = new Admission({ ...admissionDefaults, maxConnectionsPerAddress: 1 }, clock);
  assert.equal(admission.enter("/run/a.sock"), true);
  assert.equal(admission.enter("/run/a.sock"), false);
  admission.leave("/run/a.sock");
  assert.equal(admission.enter("/run/a.sock"), true);
});

Deno.test("Who is refused takes no room, so nobody's leaving is for another", () => {
  const admission = new Admission({
    ...admissionDefaults,
    maxConnections: 5,
    maxConnectionsPerAddress: 1,
  }, clock);
  admission.enter("192.0.2.1:1");
  for (let port = 2; port < 100; port++) admission.enter(`192.0.2.1:${port}`);
  admission.leave("192.0.2.1:1");
  assert.equal(admission.connections, 0);
  assert.equal(admission.enter("192.0.2.1:1"), true);
  assert.equal(admission.enter("192.0.2.1:2"), false);
});

Deno.test("Admission lets nobody come more often in one second than the limit", () => {
  let now = 0;
  const limits = { ...admissionDefaults, maxConnectionsPerSecond: 2 };
  const admission = new Admission(limits, { now: () => now });
  const [ann, bob] = ["10.0.0.1:5", "10.0.0.2:5"];
  assert.deepEqual([ann, ann, ann, bob].map(admission.admits), [true, true, false, true]);
  now = 1_000;
  assert.equal(admission.admits(ann), true);
  assert.equal(admission.refused, 1);
});

Deno.test("Admission asks its access list first", () => {
  const admission = new Admission(admissionDefaults, clock, new AccessList("+10/8"));
  assert.deepEqual(["10.0.0.1:5", "11.0.0.1:5"].map(admission.admits), [true, false]);
});
