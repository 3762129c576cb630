import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ResumedClients } from "../../../transports/tls/resumed_clients.ts";
import { certificates, hasOpenssl, orSkipped } from "./certificates.ts";

Deno.test({
  name: `ResumedClients takes those that it has seen or can check, in their time${orSkipped}`,
  ignore: !hasOpenssl,
  fn() {
    const { ca, client, expired, rogue } = certificates(), now = Date.now();
    const known = new ResumedClients(ca);
    const [good, old, bad] = [client, expired, rogue].map(({ cert }) => new X509Certificate(cert));
    assert.equal(known.include(good!, now), true);
    assert.equal(known.include(good!, now + 3 * 86_400_000), false);
    assert.equal(known.include(good!, now - 86_400_000), false);
    assert.equal(known.include(old!, now), false);
    assert.equal(known.include(bad!, now), false);
    known.shown(bad!);
    assert.equal(known.include(bad!, now), true);
  },
});
