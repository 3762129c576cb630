import assert from "node:assert/strict";
import { isOver, settled } from "../streams.ts";
import { certificates, hasOpenssl } from "./certificates.ts";
import { dial, listen, open, testTls } from "./tls_ends.ts";

const { ca, client, twins, expired, rogue, shop } = hasOpenssl
  ? certificates()
  : {} as ReturnType<typeof certificates>;

testTls("says that it is secure, and who the peer is", async () => {
  await using ends = await open({ ca, clientCertificates: "required" }, client);
  assert.equal(ends.server.secure, true);
  assert.equal(ends.server.certificate, "sensor-7");
  assert.match(ends.server.peer, /^127\.0\.0\.1:\d+$/);
});

testTls("does not ask for a certificate by default", async () => {
  await using ends = await open({ ca }, client);
  assert.equal(ends.server.certificate, undefined);
});

testTls("with optional certificates lets in who shows none", async () => {
  await using ends = await open({ ca, clientCertificates: "optional" });
  assert.equal(ends.server.certificate, undefined);
});

testTls("with optional certificates knows who shows a good one", async () => {
  await using ends = await open({ ca, clientCertificates: "optional" }, client);
  assert.equal(ends.server.certificate, "sensor-7");
});

testTls("takes a subject with two common names for nobody", async () => {
  await using ends = await open({ ca, clientCertificates: "required" }, twins);
  assert.equal(ends.server.certificate, undefined);
});

for (
  const [mode, shown, identity] of [
    ["required", "none", undefined],
    ["required", "one of another authority", rogue],
    ["required", "an expired one", expired],
    ["required", "one that is good for servers only", shop],
    ["optional", "one of another authority", rogue],
    ["optional", "an expired one", expired],
  ] as const
) {
  testTls(`with ${mode} certificates refuses ${shown} and goes on`, async () => {
    const listener = await listen({ ca, clientCertificates: mode });
    const accepting = listener.accept();
    const refused = await dial(listener, identity);
    assert.ok(await isOver(refused));
    const good = await dial(listener, client);
    const accepted = (await accepting)!;
    assert.equal(accepted.certificate, "sensor-7");
    for (const each of [refused, good, accepted, listener]) each.close();
    await settled();
  });
}
