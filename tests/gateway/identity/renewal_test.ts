import assert from "node:assert/strict";
import { connect } from "node:tls";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { certificates } from "../../transports/tls/certificates.ts";
import { listening } from "../meerkat.ts";

/** Whose certificate a new connection is shown. */
function nameAt(port: number, servername = "localhost"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, servername, rejectUnauthorized: false }, () => {
      const name = String(socket.getPeerCertificate().subject?.CN);
      socket.once("close", () => resolve(name));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

testWith(
  ["openssl"],
  "Certificates are renewed when their files change, bad ones are not used",
  async () => {
    const { server, shop, client } = certificates();
    const folder = await Deno.makeTempDir();
    const put = async ({ cert, key }: { cert: string; key: string }) => {
      await Deno.writeTextFile(`${folder}/key.pem`, key);
      await Deno.writeTextFile(`${folder}/cert.pem`, cert);
    };
    try {
      await put(server);
      const flags = ["--cert", `${folder}/cert.pem`, "--key", `${folder}/key.pem`];
      await using gateway = await listening(["mqtts://127.0.0.1:0"], flags);
      const [port] = gateway.ports as [number];
      assert.equal(await nameAt(port), "server");
      await put(shop);
      await eventually("the new certificate", async () => await nameAt(port) === "shop.test");
      await put({ cert: server.cert, key: client.key });
      await eventually(
        "the warning",
        () => gateway.child.stderr.includes("cannot use new certificates"),
      );
      assert.match(gateway.child.stderr, /it belongs to another certificate/);
      assert.equal(await nameAt(port), "shop.test");
      await put(server);
      gateway.child.kill("SIGHUP");
      await eventually("the old certificate", async () => await nameAt(port) === "server");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(["openssl"], "A listener has certificates for several names", async () => {
  const { server, shop } = certificates();
  const folder = await Deno.makeTempDir();
  try {
    const tls: Record<string, unknown> = { cert: "a.pem", key: "a.key", minVersion: "TLSv1.3" };
    tls.others = [{ cert: "b.pem", key: "b.key" }];
    const files = {
      "a.pem": server.cert,
      "a.key": server.key,
      "b.pem": shop.cert,
      "b.key": shop.key,
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await Deno.writeTextFile(`${folder}/m.json`, JSON.stringify({ tls }));
    await using gateway = await listening(["https://127.0.0.1:0"], [
      "--config",
      `${folder}/m.json`,
    ]);
    const [port] = gateway.ports as [number];
    assert.deepEqual([await nameAt(port), await nameAt(port, "a.shop.test")], [
      "server",
      "shop.test",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
