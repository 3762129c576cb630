import assert from "node:assert/strict";
import {
  authenticators,
  certificateUser,
  coapStream,
  gateway,
  type Hooks,
  http,
  mqtt,
  tls,
} from "../../mod.ts";
import { eventually } from "../interop/patience.ts";
import { testWith } from "../interop/programs.ts";
import { TestAuthority } from "../transports/authorities.ts";
import { own } from "./doors.ts";
import { goodbyes, type Guest, keptAlive, leave, type Login, secureDoors } from "./guests.ts";

/** What those hear who are hung up on because of the connection that they came by. */
const farewells: Record<string, string> = {
  ...goodbyes,
  "CoAP over TLS": "Error: The connection to 127.0.0.1 has ended",
};

const hooks: [who: string, hooks: Hooks[]][] = [
  ["nobody is asked for a login", []],
  ["the certificate is the login", [authenticators([certificateUser()]), own]],
  ["the login is another", [{
    authenticate: ({ username = "nobody" }) => ({ user: username }),
  }]],
];
for (const [who, each] of hooks) {
  testWith(
    [],
    `Whose certificate is revoked has to go where ${who}, and nobody else`,
    async (test) => {
      const authority = await TestAuthority.make("Us"), ca = authority.pem;
      const server = await authority.issue("server", "server");
      const identity = { ...server, ca, crl: await authority.revoke([]) };
      const hub = gateway(), ports: Record<string, number> = {};
      for (const set of each) hub.use(set);
      const speaking = { http: http(), mqtt: mqtt(), coap: coapStream() };
      const transports = Object.entries(speaking).map(([name, protocol]) => {
        const transport = tls({ port: 0, ...identity, clientCertificates: "required" });
        const { ready } = hub.listen(transport, protocol);
        return { name, transport, ready };
      });
      for (const { name, ready } of transports) ports[name] = (await ready).port;
      const come = async (user: string) => {
        const certificate = await authority.issue(user), login: Login = { user, certificate };
        const guests: [string, Guest][] = [];
        for (const [name, door] of Object.entries(secureDoors)) {
          guests.push([name, await door({ ports, ca }, `home/${user}/a`, login)]);
        }
        hub.publish(`home/${user}/a`, `to ${user}`, { retain: true });
        for (const [, { ears }] of guests) await ears.until(`to ${user}`);
        const http = await keptAlive({ ports, ca }, `home/${user}/a`, login);
        assert.equal(await http.ask(), 200);
        return { guests, http, certificate };
      };
      const ann = await come("ann"), bob = await come("bob");
      const crl = await authority.revoke([ann.certificate.cert]);
      for (const { transport } of transports) transport.renew({ ...identity, crl });
      // At once, while goodbyes are on their way.
      hub.publish("home/ann/a", "secret");
      for (const [name, guest] of ann.guests) {
        await test.step(name, async () => {
          assert.equal((await guest.ended).replace(/:\d+/, ""), farewells[name]);
          assert.equal(guest.ears.has("secret"), false);
        });
      }
      await eventually(
        "the last of ann's to go",
        () => hub.publish("home/ann/a", "secret") === "unmatched",
      );
      assert.equal(await bob.http.ask(), 200);
      hub.publish("home/bob/a", "still there");
      for (const [name, { ears }] of bob.guests) {
        await test.step(`${name} of somebody else`, () => ears.until("still there"));
      }
      await test.step("HTTP that is kept alive", async () => {
        assert.equal(await ann.http.ask().catch(() => 0), 0);
      });
      for (const { http } of [ann, bob]) http.close();
      await leave(hub, ...ann.guests, ...bob.guests);
    },
  );
}
