import assert from "node:assert/strict";
import { dns, gateway, resolver, tcp, udp } from "../../mod.ts";
import { Log } from "../../mod.ts";
import { parseZone } from "../../actors/dns/settings.ts";
import { run } from "./child.ts";
import { program, testWith } from "./programs.ts";

const long = "x".repeat(250);
const zone = parseZone({
  name: "home.example",
  records: [
    "@ NS ns",
    "ns A 127.0.0.1",
    "@ MX 10 www",
    "@ CAA 0 issue ca.example",
    "www A 192.0.2.1",
    "www AAAA 2001:db8::1",
    "files CNAME www",
    "7 PTR www",
    "_mqtt._tcp SRV 0 5 1883 www",
    "note TXT one two",
    `big TXT ${long}`,
    `big TXT ${long} 2`,
    `big TXT ${long} 3`,
  ],
});

async function serving() {
  const hub = gateway({ log: new Log({ sink: () => {} }) });
  const { port } = await hub.listen(tcp({ port: 0 }), dns({ zones: [zone] })).ready;
  await hub.listen(udp({ port }), dns({ zones: [zone] })).ready;
  return { hub, port };
}

async function dig(port: number, ...args: string[]): Promise<string> {
  const fixed = ["@127.0.0.1", "-p", String(port), "+tries=1"];
  const { stdout } = await run(program("dig"), ...fixed, ...args);
  return new TextDecoder().decode(stdout);
}

testWith(["dig"], "dig gets records of every type, by UDP and by TCP", async () => {
  const { hub, port } = await serving();
  await using _ = hub;
  const expected: [question: string, type: string, answer: string][] = [
    ["www", "A", "192.0.2.1"],
    ["www", "AAAA", "2001:db8::1"],
    ["files", "A", "www.home.example.\n192.0.2.1"],
    ["7", "PTR", "www.home.example."],
    ["_mqtt._tcp", "SRV", "0 5 1883 www.home.example."],
    ["note", "TXT", '"one" "two"'],
    ["", "MX", "10 www.home.example."],
    ["", "NS", "ns.home.example."],
    ["", "CAA", '0 issue "ca.example"'],
    ["", "SOA", "ns.home.example. hostmaster.home.example. 1 86400 7200 3600000 3600"],
  ];
  for (const [name, type, answer] of expected) {
    const question = [name === "" ? "home.example" : `${name}.home.example`, type, "+short"];
    assert.equal((await dig(port, ...question)).trim(), answer);
    assert.equal((await dig(port, ...question, "+tcp", "+noedns")).trim(), answer);
  }
});

testWith(["dig"], "dig sees truncation, sizes, NXDOMAIN and refusals", async () => {
  const { hub, port } = await serving();
  await using _ = hub;
  const big = ["big.home.example", "TXT"];
  assert.match(await dig(port, ...big, "+noedns", "+ignore"), /flags: qr aa tc rd;[^]*ANSWER: 0/);
  assert.match(await dig(port, ...big, "+bufsize=1232"), /flags: qr aa rd;[^]*\(UDP\)/);
  assert.match(await dig(port, ...big, "+bufsize=600"), /ANSWER: 3[^]*\(TCP\)/);
  assert.match(await dig(port, "no.home.example"), /NXDOMAIN[^]*\tSOA\t/);
  assert.match(await dig(port, "elsewhere.example"), /REFUSED/);
  assert.match(await dig(port, "www.home.example", "+opcode=notify"), /NOTIMP/);
  assert.match(await dig(port, "www.home.example", "+edns=1", "+noednsneg"), /BADVERS/);
});

testWith(["drill"], "drill gets an answer, by UDP and by TCP", async () => {
  const { hub, port } = await serving();
  await using _ = hub;
  for (const way of ["-u", "-t"]) {
    const args = ["-p", String(port), way, "www.home.example", "@127.0.0.1"];
    const { stdout } = await run(program("drill"), ...args);
    assert.match(new TextDecoder().decode(stdout), /NOERROR[^]*\tA\t192\.0\.2\.1/);
  }
});

testWith([], "Our resolver and our server understand each other, truncation included", async () => {
  const { hub, port } = await serving();
  await using _ = hub;
  hub.dns(({ name }) => {
    if (name === "broken.example") throw new Error("out of order");
    return undefined;
  });
  const servers = [`127.0.0.1:${port}`];
  const names = resolver({ servers, search: [], retries: 0, hosts: false });
  assert.deepEqual(await names.lookup("files.home.example"), ["192.0.2.1", "2001:db8::1"]);
  assert.equal((await names.resolve("big.home.example", "TXT")).length, 3);
  await assert.rejects(names.resolve("none.home.example"), { reason: "no such name" });
  await assert.rejects(names.resolve("note.home.example"), { reason: "no such record" });
  await assert.rejects(names.resolve("broken.example"), /answers SERVFAIL/);
  await assert.rejects(names.resolve("elsewhere.example"), /answers REFUSED/);
});
