import assert from "node:assert/strict";
import { gateway, type Handler, type Hooks, http, proxy, saveUpload, tcp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

const APP = "https://app.example", EVIL = "https://evil.example";

Deno.test(
  "A handler says which pages may use it, with and without what browsers send of themselves",
  strict,
  async () => {
    await using folder = await Folder.make({});
    await using behind = gateway();
    behind.handle("/x", () => new Response("from behind"), { origins: ["*"] });
    const far = await behind.listen(tcp({ port: 0 }), http()).ready;
    await using hub = gateway();
    const done = () => new Response("done");
    const pass = proxy({ path: "/api", to: [`http://127.0.0.1:${far.port}`] });
    hub.handle("/plain", done);
    hub.handle("/open", done, { cors: true });
    hub.handle("/topics-in-use", done, { cors: true });
    hub.handle("/shared", done, { cors: { origins: [APP], credentials: true } });
    hub.handle("/payment", done, { origins: ["https://pay.example"] });
    hub.handle("/listed", done, { cors: "listener" });
    hub.handle("/upload", saveUpload({ folder: folder.path }));
    hub.handle(
      "/api/*",
      async (request, info) => await pass(request, info) ?? Response.error(),
      { origins: ["*"] },
    );
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const post = async (path: string, headers: Record<string, string>) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers });
      await answer.body?.cancel();
      return answer.status;
    };
    const evil = { origin: EVIL }, cookie = { cookie: "session=1" };
    for (const path of ["/plain", "/shared", "/payment", "/listed", "/upload"]) {
      assert.equal(await post(path, evil), 403, path);
    }
    assert.deepEqual([await post("/open", evil), await post("/open", { ...evil, ...cookie })], [
      200,
      403,
    ]);
    assert.equal(await post("/topics-in-use", evil), 200, "it is not below /topics");
    assert.equal(await post("/shared", { origin: APP, ...cookie }), 200);
    assert.equal(await post("/payment", { origin: "https://pay.example", ...cookie }), 200);
    assert.equal(await post("/api/x", { ...evil, ...cookie }), 200);
    assert.equal(await post("/plain", { origin: `http://localhost:${port}`, ...cookie }), 200);
    assert.equal(await post("/plain", cookie), 200);
  },
);

Deno.test(
  "A page that may use a handler with a login is told so before it logs in",
  strict,
  async () => {
    const hooks: Hooks = {
      authenticate: ({ passwordText }) => passwordText === "secret" ? { user: "ann" } : false,
      mayUse: ({ user }) => ({ allowed: user === "ann" }),
    };
    await using hub = gateway({ hooks });
    const seen: string[] = [];
    const who: Handler = ({ method }, { identity }) => {
      seen.push(method);
      return new Response(identity.user);
    };
    hub.handle("/shared", who, { cors: { origins: [APP], credentials: true } });
    hub.handle("/plain", who, { origins: [APP] });
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const asked = { origin: APP, "access-control-request-method": "PUT" };
    const ask = (path: string, method: string, headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    const preflight = await ask("/shared", "OPTIONS", asked);
    assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [
      204,
      APP,
    ]);
    const headers = { origin: APP, authorization: `Basic ${btoa("ann:secret")}` };
    assert.equal(await (await ask("/shared", "PUT", headers)).text(), "ann");
    // An OPTIONS that is none, and one of a path that does not say whom it lets in, need a login.
    for (const [path, fields] of [["/shared", { origin: APP }], ["/plain", asked]] as const) {
      const refused = await ask(path, "OPTIONS", fields);
      await refused.body?.cancel();
      assert.equal(refused.status, 401, path);
    }
    assert.deepEqual(seen, ["PUT"]);
  },
);
