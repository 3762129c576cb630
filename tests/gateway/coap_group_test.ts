import assert from "node:assert/strict";
import { coap, gateway, udp } from "../../mod.ts";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";

/** All CoAP nodes (RFC 7252 §12.8). */
const GROUP = "224.0.1.187";

/** True when what is sent to the group at an interface arrives there. */
async function isCarried(hostname: string): Promise<boolean> {
  const ports = [];
  let patience: ReturnType<typeof setTimeout> | undefined;
  try {
    const here = await udp({ port: 0, hostname, groups: [GROUP] }).bind();
    ports.push(here);
    const there = Deno.listenDatagram({ transport: "udp", port: 0, hostname, loopback: true });
    ports.push(there);
    patience = setTimeout(() => here.close(), 2000);
    const { port } = here.address;
    await there.send(Uint8Array.of(1), { transport: "udp", hostname: GROUP, port });
    return await here.groups![0]!.receive() !== undefined;
  } catch {
    return false;
  } finally {
    clearTimeout(patience);
    for (const each of ports) each.close();
  }
}

/** The address of an interface that carries datagrams to the group. */
async function findHost(): Promise<string | undefined> {
  for (const { family, address } of Deno.networkInterfaces()) {
    const isOwn = family === "IPv4" && !address.startsWith("127.");
    if (isOwn && await isCarried(address)) return address;
  }
  return undefined;
}

const host = await findHost();
if (host === undefined) {
  Deno.test.ignore(
    "coap-client finds a gateway in a group (skipped: no network carries it)",
    () => {},
  );
} else {
  testWith(["coap-client"], "coap-client finds a gateway in a group", async () => {
    await using hub = gateway();
    const here = udp({ port: 0, hostname: host, groups: [GROUP] });
    const { port } = await hub.listen(here, coap({ leisureMs: 10, verifyAddresses: "none" })).ready;
    const find = async (...args: string[]) => {
      const { stdout } = await run(program("coap-client"), ...args);
      return new TextDecoder().decode(stdout);
    };
    const path = `${port}/.well-known/core`;
    assert.match(await find("-N", "-B", "2", `coap://${GROUP}:${path}`), /<\/topics/);
    assert.match(await find(`coap://${host}:${path}`), /<\/topics/);
    assert.equal(await find("-N", "-B", "1", `coap://${GROUP}:${port}/nowhere`), "");
  });
}
