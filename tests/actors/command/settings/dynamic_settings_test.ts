import assert from "node:assert/strict";
import { FakeHost } from "../fakes.ts";

async function webOf(web: Record<string, unknown>): Promise<unknown> {
  const host = new FakeHost({ "conf/m.json": JSON.stringify({ listen: ["http:"], web }) });
  assert.equal(await host.run("--config", "conf/m.json"), 0, host.err.join());
  return host.settings!.listen[0]!.web;
}

Deno.test("G7, G10, G23, G24: scripts and pages are set in the file", async () => {
  const cgi = { pattern: "**.cgi$", timeout: "5s", maxRunning: 4, maxOutputBytes: "1MiB" };
  assert.deepEqual(await webOf({ cgi: { ...cgi, variables: { LANG: "C" } } }), {
    cgi: {
      pattern: "**.cgi$",
      variables: { LANG: "C" },
      timeoutMs: 5_000,
      maxRunning: 4,
      maxOutputBytes: 1 << 20,
    },
  });
  const interpreter = async (given: string) =>
    await webOf({ cgi: { pattern: "/", interpreter: given } });
  assert.deepEqual(await interpreter("php-cgi"), {
    cgi: { pattern: "/", interpreter: "php-cgi" },
  });
  assert.deepEqual(await interpreter("./php-cgi"), {
    cgi: { pattern: "/", interpreter: "conf/php-cgi" },
  });
  assert.deepEqual(await webOf({ ssi: {} }), { ssi: {} });
  const ssi = { pattern: "**.html$", exec: true, commands: ["date -u", "uptime"] };
  assert.deepEqual(await webOf({ ssi }), { ssi });
});

Deno.test("Z3: there are no scripts without a pattern, and what is wrong is refused", async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ cgi: {} }, /Missing "pattern"/],
    [{ cgi: { pattern: "" } }, /give a pattern such as \*\*\.cgi\$/],
    [{ cgi: { pattern: "a", timeout: 5 } }, /give a duration/],
    [{ cgi: { pattern: "a", maxRunning: 0 } }, /whole number from 1 to 10000/],
    [{ cgi: { pattern: "a", variables: { "A-B": "c" } } }, /give the name of a variable/],
    [{ ssi: { exec: "yes" } }, /give true or false/],
    [{ ssi: { commands: "date" } }, /give a list/],
    [{ ssi: true }, /give an object in \{\}/],
  ];
  for (const [web, line] of cases) {
    const host = new FakeHost({ "m.json": JSON.stringify({ listen: ["http:"], web }) });
    assert.equal(await host.run("--config", "m.json"), 2);
    assert.match(host.err.join(), line);
  }
});
