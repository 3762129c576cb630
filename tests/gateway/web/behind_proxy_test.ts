import assert from "node:assert/strict";
import { behindProxy, gateway, http, mqtt, tcp, tls } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { certificates } from "../../transports/tls/certificates.ts";
import { start } from "../meerkat.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Says all of `text` to a port, and hears what comes back until the end. */
async function talk(port: number, text: string): Promise<string> {
  using stream = await Deno.connect({ port });
  await stream.write(encoder.encode(text));
  let heard = "";
  const into = new Uint8Array(4096);
  for (;;) {
    const count = await stream.read(into).catch(() => null);
    if (count === null) return heard;
    heard += decoder.decode(into.subarray(0, count));
  }
}

const REQUEST = "GET /me HTTP/1.0\r\n\r\n";

Deno.test("A client behind a PROXY header is known by its own address", strict, async () => {
  await using hub = gateway();
  hub.handle("/me", (_request, { identity }) => new Response(identity.address));
  const transport = behindProxy(tcp({ port: 0 }), { trusts: () => true });
  const { port } = await hub.listen(transport, http(), { access: "+192.0.2/24" }).ready;
  const line = (from: string) => `PROXY TCP4 ${from} 10.0.0.1 50112 80\r\n`;
  assert.match(await talk(port, line("192.0.2.7") + REQUEST), /192\.0\.2\.7:50112$/);
  // The access list is asked about the client, not about the proxy.
  assert.equal(await talk(port, line("192.0.3.7") + REQUEST), "");
});

Deno.test(
  "A proxy without a header is hung up on, a client that is no proxy needs none",
  strict,
  async () => {
    await using hub = gateway();
    const faults: string[] = [];
    const refused = (error: Error) => faults.push(error.message);
    const transport = behindProxy(tcp({ port: 0 }), {
      trusts: () => true,
      refused,
      headerTimeoutMs: 50,
    });
    const strictDoor = await hub.listen(transport, http()).ready;
    assert.equal(await talk(strictDoor.port, REQUEST), "");
    using silent = await Deno.connect({ port: strictDoor.port });
    assert.equal(await silent.read(new Uint8Array(1)).catch(() => null), null);
    await eventually("both faults", () => faults.length === 2);
    assert.match(faults[0]!, /it has no signature/);
    const open = behindProxy(tcp({ port: 0 }), { trusts: () => false });
    const { port } = await hub.listen(open, http()).ready;
    assert.match(await talk(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 200/);
  },
);

testWith(["openssl", "curl"], "A PROXY header comes before TLS", async () => {
  await using hub = gateway();
  hub.handle("/me", (_request, { identity }) => new Response(identity.address));
  const { ca, server } = certificates();
  const over = behindProxy(tcp({ port: 0 }), { trusts: () => true });
  const { port } = await hub.listen(tls({ port: 0, ...server, over }), http()).ready;
  await using folder = await Folder.make({ "ca.pem": ca });
  const trust = ["--cacert", `${folder.path}/ca.pem`, "--haproxy-protocol", "-sS"];
  const { stdout } = await run(program("curl"), ...trust, `https://localhost:${port}/me`);
  assert.match(decoder.decode(stdout), /^(?:127\.0\.0\.1|\[::1\]):\d+$/);
});

Deno.test("MQTT clients behind a proxy count by their own address", strict, async () => {
  await using hub = gateway({ limits: { maxConnectionsPerAddress: 1 } });
  const transport = behindProxy(tcp({ port: 0 }), { trusts: () => true });
  const { port } = await hub.listen(transport, mqtt()).ready;
  const connect = async (from: string) => {
    const stream = await Deno.connect({ port });
    const packet = Uint8Array.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0);
    await stream.write(encoder.encode(`PROXY TCP4 ${from} 10.0.0.1 50112 80\r\n`));
    await stream.write(packet).catch(() => {});
    const count = await stream.read(new Uint8Array(4)).catch(() => null);
    return { stream, isServed: count === 4 };
  };
  const all = [await connect("192.0.2.1"), await connect("192.0.2.1"), await connect("192.0.2.2")];
  assert.deepEqual(all.map(({ isServed }) => isServed), [true, false, true]);
  for (const { stream } of all) stream.close();
});

Deno.test(
  "Each request of a proxy's connection has the client that X-Forwarded-For names",
  strict,
  async () => {
    await using hub = gateway();
    hub.handle(
      "/me",
      (_request, { identity, remoteAddr }) => Response.json([identity.address, remoteAddr]),
    );
    const { port } = await hub.listen(tcp({ port: 0 }), http({ trusts: () => true })).ready;
    const request = (...fields: string[]) =>
      ["GET /me HTTP/1.1", "Host: localhost", ...fields, "", ""].join("\r\n");
    const named = ["192.0.2.7", "198.51.100.7"].map((each) => request(`X-Forwarded-For: ${each}`));
    const heard = await talk(port, [...named, request("Connection: close")].join(""));
    const seen = [...heard.matchAll(/\["([\d.]+):\d+",.*?"hostname":"([\d.]+)"/g)];
    assert.deepEqual(seen.map(([, ...hosts]) => hosts), [
      ["192.0.2.7", "192.0.2.7"],
      ["198.51.100.7", "198.51.100.7"],
      ["127.0.0.1", "127.0.0.1"],
    ]);
  },
);

Deno.test("What is no address gets by no access list", strict, async () => {
  await using hub = gateway();
  const transport = behindProxy(tcp({ port: 0 }), { trusts: () => true });
  const { port } = await hub.listen(transport, http(), { access: "+192.0.2/24" }).ready;
  for (const line of ["TCP4 999.1.1.1 1.2.3.4", "TCP6 :::: ::1", "TCP6 1:2 ::1"]) {
    assert.equal(await talk(port, `PROXY ${line} 1 2\r\n${REQUEST}`), "", line);
  }
});

Deno.test(
  "Proxies can be configured: with a PROXY header, and with X-Forwarded-For",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const url = "http://127.0.0.1:0", proxies = "+127/8";
    const listen = [
      { url, proxyProtocol: proxies, access: "+192.0.2/24" },
      {
        url: "http://127.0.0.2:0",
        trustedProxies: proxies,
        auth: [{ type: "passwords", file: "users" }],
      },
    ];
    await folder.write("users", "");
    await folder.write("meerkat.json", JSON.stringify({ listen }));
    await using child = start(["--config", `${folder.path}/meerkat.json`]);
    const ports = (await child.linesFrom(0, 2)).map((line) => Number(/:(\d+)$/.exec(line)![1]));
    const header = "PROXY TCP4 192.0.2.7 10.0.0.1 50112 80\r\n";
    assert.match(await talk(ports[0]!, `${header}GET / HTTP/1.0\r\n\r\n`), /^HTTP\/1.1 200/);
    assert.equal(
      await talk(ports[0]!, `${header.replace(".2.7", ".3.7")}GET / HTTP/1.0\r\n\r\n`),
      "",
    );
    // Whoever guesses is put off by its own address, and not all that come by the proxy.
    const login = (from: string) =>
      fetch(`http://127.0.0.2:${ports[1]}/topics/a`, {
        headers: { authorization: `Basic ${btoa("ann:guess")}`, "x-forwarded-for": from },
      }).then(async (answer) => {
        await answer.text();
        return answer.status;
      });
    const guesses: number[] = [];
    for (let i = 0; i < 30; i++) guesses.push(await login("192.0.2.66"));
    assert.ok(guesses.includes(503), String(guesses));
  },
);
