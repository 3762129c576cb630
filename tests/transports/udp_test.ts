import assert from "node:assert/strict";
import type { DatagramPort } from "../../transports/transport.ts";
import { udp } from "../../transports/udp.ts";
import { bytes, strict } from "./streams.ts";

/** Two ports, closed when the test ends. */
async function open(hostname?: string, other = hostname) {
  const near = await udp({ port: 0, hostname }).bind();
  const far = await udp({ port: 0, hostname: other }).bind();
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

function where({ address: { host, port } }: DatagramPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function receiveText(port: DatagramPort): Promise<{ text: string; from: string }> {
  const { bytes, from } = (await port.receive())!;
  return { text: new TextDecoder().decode(bytes), from };
}

for (const hostname of ["127.0.0.1", "[::1]"]) {
  Deno.test(`udp() on ${hostname} answers the address it received from`, strict, async () => {
    using ports = await open(hostname);
    const { near, far } = ports;
    for (let time = 0; time < 3; time++) {
      await near.send(bytes("ping"), where(far));
      const { text, from } = await receiveText(far);
      assert.deepEqual({ text, from }, { text: "ping", from: where(near) });
      await far.send(bytes("pong!"), from);
      assert.deepEqual(await receiveText(near), { text: "pong!", from: where(far) });
    }
  });
}

Deno.test("udp() on :: speaks to IPv4 peers by their own address", strict, async () => {
  using ports = await open("::", "127.0.0.1");
  const { near, far } = ports;
  await far.send(bytes("ping"), `127.0.0.1:${near.address.port}`);
  const { from } = await receiveText(near);
  assert.equal(from, where(far));
  await near.send(bytes("known"), from);
  assert.equal((await receiveText(far)).text, "known");
  using others = await open("::", "127.0.0.1");
  await others.near.send(bytes("unknown"), where(far));
  assert.equal((await receiveText(far)).text, "unknown");
});

Deno.test("udp() carries the largest datagram whole, and an empty one", strict, async () => {
  using ports = await open();
  const { near, far } = ports;
  const largest = Uint8Array.from({ length: 65_507 }, (_, at) => at * 7);
  for (const each of [largest, new Uint8Array(0), largest.subarray(0, 1500)]) {
    await near.send(each, where(far));
    assert.deepEqual((await far.receive())!.bytes, each);
  }
});

Deno.test("udp() rejects a datagram that is too large and sends the next", strict, async () => {
  using ports = await open();
  const { near, far } = ports;
  await assert.rejects(near.send(new Uint8Array(65_508), where(far)), /too long/);
  await near.send(bytes("small"), where(far));
  assert.equal((await receiveText(far)).text, "small");
});

Deno.test("udp() rejects an address that is none", strict, async () => {
  using ports = await open();
  for (const to of ["", "127.0.0.1", "127.0.0.1:", ":5683", "127.0.0.1:65536", "[::1]:x"]) {
    await assert.rejects(ports.near.send(bytes("lost"), to), {
      message: `Cannot send to "${to}": host:port is needed`,
    });
  }
});

Deno.test("udp() receives on after sending to a port that nobody has", strict, async () => {
  using ports = await open();
  const { near, far } = ports;
  const gone = await udp({ port: 0 }).bind();
  const nobody = where(gone);
  gone.close();
  const receiving = receiveText(near);
  for (let time = 0; time < 3; time++) await near.send(bytes("lost"), nobody).catch(() => {});
  await far.send(bytes("found"), where(near));
  assert.equal((await receiving).text, "found");
  await near.send(bytes("again"), where(far));
  assert.equal((await receiveText(far)).text, "again");
});

Deno.test("udp() receives undefined once it is closed", strict, async () => {
  const port = await udp({ port: 0 }).bind();
  assert.equal(port.address.host, "127.0.0.1");
  const receiving = port.receive();
  port.close();
  port.close();
  assert.equal(await receiving, undefined);
  assert.equal(await port.receive(), undefined);
  await assert.rejects(port.send(bytes("late"), "127.0.0.1:9"));
});

Deno.test("udp() names host, port and cause when the port is in use", strict, async () => {
  using ports = await open();
  const { port } = ports.near.address;
  assert.throws(() => udp({ port }).bind(), {
    message: `Cannot listen on 127.0.0.1:${port}: the address is in use, choose a free one`,
  });
});

Deno.test("udp() forgets peers when it remembers too many", strict, async () => {
  using ports = await open();
  const { near, far } = ports;
  // More names for one address than are remembered: the port is the same, the spelling is not.
  for (let at = 0; at < 10_050; at += 50) {
    const names = Array.from({ length: 50 }, (_, each) => `127.${(at + each) >> 8}.0.1:9`);
    await Promise.all(names.map((name) => near.send(bytes("x"), name).catch(() => {})));
  }
  await near.send(bytes("still here"), where(far));
  assert.equal((await receiveText(far)).text, "still here");
});

Deno.test("udp() joins groups only where it can tell what was sent to them", strict, async () => {
  for (
    const [hostname, group, right] of [
      ["0.0.0.0", "224.0.1.187", "IPv4 address of one interface, such as 192.168.1.2"],
      ["::", "ff02::fd", "IPv6 address of one interface, such as fd00::2"],
      ["127.0.0.1", "ff02::fd", "IPv6 address of one interface, such as fd00::2"],
      ["::1", "224.0.1.187", "IPv4 address of one interface, such as 192.168.1.2"],
    ] as const
  ) {
    await assert.rejects(async () => await udp({ port: 0, hostname, groups: [group] }).bind(), {
      message: `Cannot join ${group} on ${hostname}: give the ${right}`,
    });
  }
});

Deno.test("udp() joins a group on loopback, and closes its socket", strict, async () => {
  const port = await udp({ port: 0, groups: ["224.0.1.187"] }).bind();
  assert.equal(port.groups!.length, 1);
  assert.deepEqual(port.groups![0]!.address, { host: "224.0.1.187", port: port.address.port });
  const nothing = port.groups![0]!.receive();
  port.close();
  assert.equal(await nothing, undefined);
});
