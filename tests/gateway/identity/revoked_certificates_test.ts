import assert from "node:assert/strict";
import {
  authenticators,
  certificateUser,
  coapClient,
  coapStream,
  gateway,
  type Hooks,
  http,
  mqtt,
  tls,
} from "../../../mod.ts";
import { Child } from "../../interop/child.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { TestAuthority } from "../../transports/tls/authorities.ts";
import { listening, start } from "../meerkat.ts";
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

testWith(
  ["curl", "mosquitto_pub"],
  "A certificate that cert --revoke takes back opens nothing any more, and who came by it goes",
  async (test) => {
    const cwd = await Deno.makeTempDir(), at = (name: string) => `${cwd}/certs/${name}`;
    const cert = async (...args: string[]) => {
      await using child = start(["cert", ...args], { cwd });
      assert.equal((await child.ended()).code, 0);
    };
    const read = async (name: string) => ({
      cert: await Deno.readTextFile(at(`${name}.pem`)),
      key: await Deno.readTextFile(at(`${name}.key`)),
    });
    try {
      await cert("--client", "ann", "--client", "bob");
      const own = ["--cert", at("server.pem"), "--key", at("server.key")];
      const mutual = [...own, "--client-ca", at("ca.pem"), "--client-crl", at("ca.crl")];
      const urls = ["mqtts", "https", "any", "coaps+tcp"].map((each) => `${each}://127.0.0.1:0`);
      await using running = await listening(urls, mutual);
      const [mqtts, https, any, coaps] = running.ports as [number, number, number, number];
      const ca = await Deno.readTextFile(at("ca.pem"));
      const shows = (
        user: string,
      ) => ["--cert", at(`client-${user}.pem`), "--key", at(`client-${user}.key`)];
      const knocks: Record<string, (user: string) => Promise<boolean>> = {};
      for (const [name, port] of Object.entries({ https, any })) {
        knocks[`curl at ${name}:`] = async (user) => {
          const trust = ["-sS", "--fail", "--cacert", at("ca.pem"), ...shows(user)];
          const url = `https://localhost:${port}/topics/`;
          await using child = new Child(program("curl"), [...trust, url]);
          return (await child.ended()).code === 0;
        };
      }
      for (const [name, port] of Object.entries({ mqtts, any })) {
        knocks[`mosquitto_pub at ${name}:`] = async (user) => {
          const there = ["-h", "localhost", "-p", `${port}`, "--cafile", at("ca.pem")];
          const what = ["-q", "1", "-t", "a", "-m", "1", ...shows(user)];
          await using child = new Child(program("mosquitto_pub"), [...there, ...what]);
          return (await child.ended()).code === 0;
        };
      }
      knocks["coapClient at coaps+tcp:"] = async (user) => {
        const own = { ca, ...await read(`client-${user}`) };
        await using client = coapClient(`coaps+tcp://localhost:${coaps}`, { tls: own });
        const answer = client.put("/topics/b", { payload: "1" });
        return await answer.then(({ code }) => code.startsWith("2."), () => false);
      };
      const enter = async (user: string, port: number) => {
        const own = await read(`client-${user}`);
        const stream = await Deno.connectTls({
          hostname: "localhost",
          port,
          caCerts: [ca],
          ...own,
        });
        return await MqttClient.connect(stream, { clientId: `${user} ${port}`, version: 5 });
      };
      const anns = [await enter("ann", mqtts), await enter("ann", any)];
      const bobs = [await enter("bob", mqtts), await enter("bob", any)];
      for (const each of bobs) await each.subscribe("still/there");
      for (const [name, knock] of Object.entries(knocks)) {
        assert.deepEqual([await knock("ann"), await knock("bob")], [true, true], name);
      }
      await cert("--revoke", "certs/client-ann.pem");
      for (const each of anns) {
        await each.ended;
        const last = each.packets.at(-1);
        assert.equal(last?.type === "disconnect" && last.reason, 0x98);
      }
      for (const [name, knock] of Object.entries(knocks)) {
        await test.step(name, async () => {
          assert.deepEqual([await knock("ann"), await knock("bob")], [false, true]);
        });
      }
      const said = await running.child.complains("is revoked");
      assert.match(
        said,
        /tls handshake refused .*the client certificate is revoked \(serial [\dA-F]+/,
      );
      assert.match(said, /CN=ann/);
      await Deno.writeTextFile(at("ca.crl"), "spoilt");
      await running.child.complains("cannot use new certificates");
      const isInStill = await knocks["curl at https:"]!("ann");
      assert.equal(isInStill, false);
      for (const each of bobs) {
        await each.publish("still/there", "yes");
        assert.equal(await each.nextText(), "yes");
      }
      for (const each of [...anns, ...bobs]) {
        each.close();
        await each.ended;
      }
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
);
