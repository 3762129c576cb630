import assert from "node:assert/strict";
import { main } from "../../examples/captive_dns.ts";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";

testWith(["dig"], "The captive server answers every A question, and no other, in dig", async () => {
  const lines: string[] = [];
  const { hub, port } = await main({
    port: 0,
    address: "192.0.2.1",
    log: (line) => lines.push(line),
  });
  await using _ = hub;
  const ask = async (...args: string[]) => {
    const { stdout } = await run(program("dig"), "@127.0.0.1", "-p", String(port), ...args);
    return new TextDecoder().decode(stdout);
  };
  assert.match(await ask("any.example"), /NOERROR[\s\S]*any\.example\.\t+10\tIN\tA\t192\.0\.2\.1/);
  const none = await ask("other.example", "AAAA", "+tcp");
  assert.match(none, /status: NOERROR[\s\S]*ANSWER: 0/);
  assert.deepEqual(lines.slice(1), [
    "Q type A name any.example",
    "Q type AAAA name other.example",
  ]);
});
