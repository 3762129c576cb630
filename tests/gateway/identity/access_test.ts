import assert from "node:assert/strict";
import { coap, gateway, http, mqtt, tcp, tls, udp } from "../../../mod.ts";
import { eventually } from "../../interop/patience.ts";
import { certificates } from "../../transports/tls/certificates.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

Deno.test(
  "Whom the access list of a listener denies is hung up on before a byte is read",
  strict,
  async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), mqtt(), { access: "+10/8" }).ready;
    const open = await hub.listen(tcp({ port: 0 }), http(), { access: "+127/8" }).ready;
    using denied = await Deno.connect({ port });
    assert.equal(await denied.read(new Uint8Array(1)), null);
    const answer = await fetch(`http://127.0.0.1:${open.port}/topics/`);
    assert.equal(await answer.text(), "[]");
  },
);

Deno.test("Whom the access list denies gets no TLS handshake", strict, async () => {
  await using hub = gateway();
  const transport = tls({ port: 0, ...certificates().server });
  const { port } = await hub.listen(transport, http(), { access: "+10/8" }).ready;
  using denied = await Deno.connect({ port });
  assert.equal(await denied.read(new Uint8Array(1)), null);
});

Deno.test("Datagrams of those whom the access list denies are not read", strict, async () => {
  await using hub = gateway();
  const { port } = await hub.listen(udp({ port: 0 }), coap(), { access: "+10/8", name: "c" }).ready;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const ping = Uint8Array.of(0x40, 0, 0x12, 0x34);
  await socket.send(ping, { transport: "udp", hostname: "127.0.0.1", port });
  const refused = '"received":0,"dropped":0,"refused":1';
  await eventually("the datagram", () => JSON.stringify(hub.tree()).includes(refused));
  socket.close();
});

Deno.test("A malformed access list is refused when the listener is made", strict, async () => {
  await using hub = gateway();
  assert.throws(
    () => hub.listen(tcp({ port: 0 }), mqtt(), { access: "10/8" }),
    /begins with \+ or -/,
  );
  assert.throws(() => hub.listen(udp({ port: 0 }), coap(), { access: "+300/8" }), /no IP address/);
});

Deno.test(
  "Connections that come too often from one address are hung up on",
  strict,
  async () => {
    await using hub = gateway({ limits: { maxConnectionsPerSecond: 3 } });
    const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
    const isServed = async () => {
      using client = await Deno.connect({ port });
      const MQTT = [0, 4, 0x4d, 0x51, 0x54, 0x54];
      await client.write(Uint8Array.of(0x10, 12, ...MQTT, 4, 2, 0, 60, 0, 0)).catch(() => {});
      return await client.read(new Uint8Array(4)).catch(() => null) === 4;
    };
    const first = await Promise.all(Array.from({ length: 10 }, () => isServed()));
    assert.ok(first.filter((each) => !each).length >= 4, String(first));
  },
);
