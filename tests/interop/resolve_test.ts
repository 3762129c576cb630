import assert from "node:assert/strict";
import { silent } from "../../actors/log.ts";
import { dns, gateway, udp } from "../../mod.ts";
import { meerkat } from "./commands.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

Deno.test("resolve prints addresses, records, and why there are none", strict, async () => {
  await using hub = gateway({ log: silent });
  hub.dns(({ name, type }) => {
    if (name === "7.2.0.192.in-addr.arpa") return [{ type: "PTR", target: "gate.example" }];
    if (name !== "gate.example") return "NXDOMAIN";
    if (type === "MX") {
      return [{ type, preference: 10, exchange: "mail.gate.example", ttl: 3600 }];
    }
    return type === "A" ? [{ type, address: "192.0.2.7", ttl: 10 }] : [];
  });
  const { port } = await hub.listen(udp({ port: 0 }), dns()).ready;
  const resolve = (...args: string[]) =>
    meerkat(["resolve", ...args, "-s", `127.0.0.1:${port}`, "-W", "2"]);
  const done = { code: 0, err: "" };
  assert.deepEqual(await resolve("gate.example"), { ...done, out: "192.0.2.7\n" });
  const mail = "gate.example. 3600 IN MX 10 mail.gate.example.\n";
  assert.deepEqual(await resolve("gate.example.", "mx"), { ...done, out: mail });
  const pointer = await resolve("192.0.2.7", "PTR");
  assert.match(pointer.out, /^7\.2\.0\.192\.in-addr\.arpa\. \d+ IN PTR gate\.example\.\n$/);
  const gone = await resolve("nobody.example.");
  assert.deepEqual([gone.code, gone.out], [1, ""]);
  assert.match(gone.err, /^Cannot resolve "nobody\.example\.": there is no such name\n$/);
  assert.match((await resolve("gate.example", "AX")).err, /Cannot use "AX" as a DNS type/);
  assert.match((await resolve("a", "A", "b")).err, /Unexpected "b": give a name and a type/);
  const server = await meerkat(["resolve", "a.example", "A", "-s", "nowhere"]);
  assert.match(server.err, /Cannot use "nowhere" as a name server/);
});
