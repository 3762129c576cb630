import assert from "node:assert/strict";
import { dial } from "../../../../actors/clients/dial.ts";
import { useResolver } from "../../../../actors/clients/names.ts";
import { FakeHost } from "../fakes.ts";

Deno.test("Zones and name servers come from the file, and check says what is wrong", async () => {
  const file = JSON.stringify({
    listen: ["dns://127.0.0.1:5353"],
    zones: [{ name: "Home.Example", records: ["www A 192.0.2.1"] }],
    forward: ["system", "[::1]:53"],
    nameServers: ["192.0.2.53"],
  });
  const host = new FakeHost({ "m.json": file });
  assert.equal(await host.run("check", "--config", "m.json"), 0, host.err.join("\n"));
  const wrong = file.replace("www A 192.0.2.1", "www A 1.2.3").replace("192.0.2.53", "dns.example");
  const other = new FakeHost({ "m.json": wrong });
  assert.equal(await other.run("check", "--config", "m.json"), 1);
  assert.match(other.err.join("\n"), /zones\[0\].*Cannot use "1\.2\.3" as the address/);
  assert.match(other.err.join("\n"), /nameServers\[0\].*Cannot use "dns\.example": give "system"/);
});

Deno.test({
  name: "Hosts of outgoing connections are looked up by the resolver in use, address by address",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = server.addr as Deno.NetAddr;
    const asked: string[] = [];
    useResolver({
      lookup: (host) => {
        asked.push(host);
        return Promise.resolve(["::1", "127.0.0.1"]);
      },
    });
    try {
      const target = { hostname: "broker.example", port, tls: false, websocket: false };
      const host = `broker.example:${port}`;
      const stream = await dial({ ...target, host, path: "/" } as Parameters<typeof dial>[0]);
      (await server.accept()).close();
      stream.close();
      assert.deepEqual(asked, ["broker.example"]);
    } finally {
      useResolver(undefined);
    }
  },
});
