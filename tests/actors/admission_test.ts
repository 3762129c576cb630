import assert from "node:assert/strict";
import { Admission, admissionDefaults } from "../../actors/admission.ts";

Deno.test("Admission lets in as many as its limit, and again when some have left", () => {
  const admission = new Admission({ ...admissionDefaults, maxConnections: 2 });
  assert.equal(admission.enter("192.0.2.1:1"), true);
  assert.equal(admission.enter("192.0.2.2:1"), true);
  assert.equal(admission.enter("192.0.2.3:1"), false);
  admission.leave("192.0.2.1:1");
  assert.equal(admission.enter("192.0.2.3:1"), true);
  const { connections, admitted, refused } = admission;
  assert.deepEqual([connections, admitted, refused], [2, 3, 1]);
});

Deno.test("Admission counts an address whatever its port, and each address for itself", () => {
  const admission = new Admission({ ...admissionDefaults, maxConnectionsPerAddress: 2 });
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
  const admission = new Admission({ ...admissionDefaults, maxConnectionsPerAddress: 1 });
  assert.equal(admission.enter("/run/a.sock"), true);
  assert.equal(admission.enter("/run/a.sock"), false);
  admission.leave("/run/a.sock");
  assert.equal(admission.enter("/run/a.sock"), true);
});

Deno.test("Who is refused takes no room, so nobody's leaving is for another", () => {
  const admission = new Admission({ maxConnections: 5, maxConnectionsPerAddress: 1 });
  admission.enter("192.0.2.1:1");
  for (let port = 2; port < 100; port++) admission.enter(`192.0.2.1:${port}`);
  admission.leave("192.0.2.1:1");
  assert.equal(admission.connections, 0);
  assert.equal(admission.enter("192.0.2.1:1"), true);
  assert.equal(admission.enter("192.0.2.1:2"), false);
});
