import assert from "node:assert/strict";
import { coap, gateway, udp } from "../../../mod.ts";
import { Code, decode, encode, NON } from "../../../protocols/coap/messages/codec.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { brief, request } from "../../protocols/coap/fake_datagrams.ts";

/** All CoAP nodes: of an IPv4 network, of a link, of a site (RFC 7252 §12.8). */
const GROUPS = ["224.0.1.187", "ff02::fd", "ff05::fd"];

/** An interface that carries what is sent to a group. */
interface Way {
  /** The address of the interface, with its zone if it is a link-local one. */
  readonly hostname: string;
  /** The group as a sender names it. */
  readonly group: string;
  /** The same in a URL for libcoap. */
  readonly inUrl: string;
}

function open({ hostname }: Way): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", port: 0, hostname, loopback: true });
}

async function isCarried(way: Way, group: string): Promise<boolean> {
  const ports = [];
  let patience: ReturnType<typeof setTimeout> | undefined;
  try {
    const here = await udp({ port: 0, hostname: way.hostname, groups: [group] }).bind();
    ports.push(here);
    const there = open(way);
    ports.push(there);
    patience = setTimeout(() => here.close(), 2000);
    const { port } = here.address;
    await there.send(Uint8Array.of(1), { transport: "udp", hostname: way.group, port });
    return await here.groups![0]!.receive() !== undefined;
  } catch {
    return false;
  } finally {
    clearTimeout(patience);
    for (const each of ports) each.close();
  }
}

/** The ways to a group that work here. */
async function waysTo(group: string): Promise<Way[]> {
  const isV6 = group.includes(":"), ways: Way[] = [];
  for (const { family, address, name } of Deno.networkInterfaces()) {
    if ((family === "IPv6") !== isV6 || address.startsWith("127.") || address === "::1") continue;
    const isLocal = address.startsWith("fe80:"), zone = group.startsWith("ff02:") ? name : "";
    const way = {
      hostname: isLocal ? `${address}%${name}` : address,
      group: zone === "" ? group : `${group}%${zone}`,
      inUrl: !isV6 ? group : zone === "" ? `[${group}]` : `[${group}%${zone}]`,
    };
    if (await isCarried(way, group)) ways.push(way);
  }
  return ways;
}

for (const group of GROUPS) {
  const ways = await waysTo(group);
  if (ways.length === 0) {
    const name = `Whoever asks ${group} finds a gateway (skipped: no network carries it)`;
    Deno.test.ignore(name, () => {});
  }
  for (const way of ways) {
    const { hostname } = way;
    testWith([], `Whoever asks ${group} finds a gateway at ${hostname}`, async () => {
      await using hub = gateway();
      const at = udp({ port: 0, hostname, groups: [group] });
      const { port } = await hub.listen(at, coap({ leisureMs: 0, verifyAddresses: "none" })).ready;
      const client = open(way), { promise: late, reject } = Promise.withResolvers<never>();
      const patience = setTimeout(() => reject(new Error("No answer came")), 10_000);
      const to = { transport: "udp", hostname: way.group, port } as const;
      try {
        const ask = (token: number, uri: string, code: number = Code.get) => {
          const message = request(code, uri, { type: NON, token: Uint8Array.of(token) });
          return client.send(encode(message), to);
        };
        // Nobody hears what one of many has not got, or would not do (RFC 7252 §8.1).
        await ask(1, "/nowhere");
        await ask(2, "/topics/t", Code.put);
        await ask(3, "/.well-known/core?rt=core.ps");
        const [bytes, from] = await Promise.race([client.receive(), late]),
          answer = decode(bytes, 64);
        assert.deepEqual([...answer.token], [3]);
        assert.match(brief(answer), /^NON 2\.05 <\/topics>/);
        const { hostname: address, port: own } = from as Deno.NetAddr;
        assert.deepEqual([address, own], [hostname.split("%")[0], port], "its own address");
      } finally {
        clearTimeout(patience);
        client.close();
      }
    });
  }
  const [way] = ways;
  if (way === undefined) continue;
  testWith(["coap-client"], `coap-client finds a gateway in ${group}`, async () => {
    await using hub = gateway();
    const at = udp({ port: 0, hostname: way.hostname, groups: [group] });
    const { port } = await hub.listen(at, coap({ leisureMs: 10, verifyAddresses: "none" })).ready;
    const find = async (...args: string[]) => {
      const { stdout } = await run(program("coap-client"), ...args);
      return new TextDecoder().decode(stdout);
    };
    const path = `${port}/.well-known/core`;
    const host = way.hostname.includes(":") ? `[${way.hostname}]` : way.hostname;
    assert.match(await find("-N", "-B", "2", `coap://${way.inUrl}:${path}`), /<\/topics/);
    assert.match(await find(`coap://${host}:${path}`), /<\/topics/);
    assert.equal(await find("-N", "-B", "1", `coap://${way.inUrl}:${port}/nowhere`), "");
  });
}
