import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { authenticators, certificateUser, gateway, http, policy, tls } from "../../../mod.ts";
import { certificates, hasOpenssl, orSkipped } from "../../transports/tls/certificates.ts";

/** What a client with this certificate is answered when it writes to the topics of pump. */
async function put(users: Record<string, string>, shows: "client" | "twins" | "none") {
  const { ca, server, client, twins } = certificates();
  await using hub = gateway();
  hub.use(authenticators([certificateUser({ users })]));
  hub.use(policy({ rules: [{ allow: "publish", topics: ["home/pump/#"], users: ["pump"] }] }));
  const secure = tls({ port: 0, ...server, ca, clientCertificates: "optional" });
  const { port } = await hub.listen(secure, http()).ready;
  const own = shows === "none" ? {} : { client, twins }[shows];
  using caller = Deno.createHttpClient({ caCerts: [ca], ...own });
  const url = `https://localhost:${port}/topics/home/pump/a`;
  const answer = await fetch(url, { method: "PUT", body: "1", client: caller });
  await answer.text();
  return answer.status;
}

Deno.test({
  name: `Over TLS a certificate is a user by name or fingerprint, others are nobody${orSkipped}`,
  ignore: !hasOpenssl,
  async fn() {
    const { fingerprint256 } = new X509Certificate(certificates().client.cert);
    const cases = [["DNS:localhost", 201], [fingerprint256, 201], ["sensor-7", 201]] as const;
    for (const [name, status] of cases) {
      assert.equal(await put({ [name]: "pump" }, "client"), status, name);
    }
    assert.equal(await put({ [fingerprint256]: "pump" }, "twins"), 401);
    assert.equal(await put({ [fingerprint256]: "pump" }, "none"), 401);
    assert.equal(await put({ "sensor-7": "other" }, "client"), 403);
  },
});
