import assert from "node:assert/strict";
import { certificateUser } from "../../../actors/identity/client_certificate.ts";
import { loginTokens } from "../../../actors/identity/login_tokens.ts";
import { Credentials, type Identity } from "../../../protocols/identity.ts";
import type { Peer } from "../../../protocols/session.ts";
import { shown } from "./people.ts";

const address = "192.0.2.7:50112";

function comes(peer: Partial<Peer>): Credentials {
  return new Credentials({
    protocol: "http",
    listener: "https://:8443",
    peer: { address, secure: true, ...peer },
  });
}

Deno.test("A certificate is the user of its common name, or whom its names stand for", () => {
  const peer = { certificate: "pump", certificateNames: ["DNS:pump.example", "AB:CD"] };
  assert.deepEqual(certificateUser().authenticate(comes(peer)), { user: "pump" });
  for (const name of ["pump", "DNS:pump.example", "AB:CD"]) {
    const { authenticate } = certificateUser({ users: { [name]: "ann" } });
    assert.deepEqual(authenticate(comes(peer)), { user: "ann" }, name);
  }
  assert.equal(certificateUser({ users: { drill: "ann" } }).authenticate(comes(peer)), undefined);
  assert.equal(certificateUser().authenticate(comes({})), undefined);
});

Deno.test("A token that was given for a certificate goes with it", async () => {
  let holds = true;
  const grant = {
    check: (decided: (holds: boolean) => void) => decided(holds),
    watch: () => () => {},
  };
  const login = certificateUser().authenticate(comes({ certificate: "pump", grant }));
  assert.deepEqual(login, { user: "pump", grant });
  const { authenticator, handler } = loginTokens();
  const identity = { groups: [], ...login } as unknown as Identity;
  const request = new Request("https://h/login", { method: "POST" });
  const answer = await handler(request, { identity } as Parameters<typeof handler>[1]);
  const { token } = await (answer as Response).json();
  const show = () => authenticator.authenticate(shown({ protocol: "http", token }));
  assert.equal((await show() as Identity).user, "pump");
  holds = false;
  assert.equal(await show(), undefined);
});
