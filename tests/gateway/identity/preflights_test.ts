import assert from "node:assert/strict";
import { gateway, http, tcp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { start } from "../meerkat.ts";
import { hash } from "./doors.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const APP = "https://app.example", EVIL = "https://evil.example";

/** A page's question whether it may, to which browsers add no login. */
async function preflight(url: string, origin: string, more: Record<string, string> = {}) {
  const headers = {
    origin,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization, x-app",
    ...more,
  };
  const answer = await fetch(url, { method: "OPTIONS", headers });
  const { status } = answer, text = await answer.text();
  const allows = ["origin", "credentials", "methods", "headers"]
    .map((each) => answer.headers.get(`access-control-allow-${each}`));
  return { status, text, allows };
}

const mandatory = { url: "http://127.0.0.1:0", auth: [{ type: "passwords", file: "users" }] };
const atDoor = "http://127.0.0.1:0";
const places: [name: string, listen: unknown, more: Record<string, unknown>][] = [
  ["a login of the listener", mandatory, {}],
  ["a login of the path", atDoor, { protect: [{ path: "/api", file: "users" }] }],
];

for (const [name, listen, more] of places) {
  Deno.test(`Preflights of proxied paths behind ${name} need none`, strict, async () => {
    await using folder = await Folder.make({ users: `ann:${hash}\n` });
    await using far = gateway();
    const seen: string[] = [];
    far.handle("/*", ({ method }) => {
      seen.push(method);
      return new Response("from behind");
    }, { origins: ["*"] });
    const { port: behind } = await far.listen(tcp({ port: 0 }), http()).ready;
    const web = { proxy: [{ path: "/api", to: [`http://127.0.0.1:${behind}`] }], ...more };
    await folder.write(
      "meerkat.json",
      JSON.stringify({ listen: [listen], origins: [APP], web }),
    );
    await using child = start(["--config", `${folder.path}/meerkat.json`]);
    const port = /:(\d+)$/.exec((await child.linesFrom(0, 1))[0]!)![1];
    const url = `http://127.0.0.1:${port}/api/x`;
    assert.deepEqual(await preflight(url, APP), {
      status: 204,
      text: "",
      allows: [APP, "true", "PUT", "authorization, x-app"],
    });
    const evil = await preflight(url, EVIL);
    assert.deepEqual([evil.status, ...evil.allows], [403, null, null, null, null]);
    assert.match(evil.text, /^Cannot serve a page of https:\/\/evil\.example: list that origin/);
    // Neither an OPTIONS that is no preflight nor anything else gets past the login.
    for (const method of ["OPTIONS", "GET", "PUT"]) {
      const answer = await fetch(url, { method, headers: { origin: APP } });
      assert.equal(answer.status, 401, method);
      await answer.body?.cancel();
    }
    assert.deepEqual(seen, []);
    const headers = { origin: APP, authorization: `Basic ${btoa("ann:secret")}` };
    const answer = await fetch(url, { method: "PUT", headers });
    assert.equal(await answer.text(), "from behind");
    // Whoever is known asks the server behind.
    const { text } = await preflight(url, EVIL, { authorization: headers.authorization });
    assert.equal(text, "from behind");
    assert.deepEqual(seen, ["PUT", "OPTIONS"]);
  });
}
