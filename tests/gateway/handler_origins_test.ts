import assert from "node:assert/strict";
import { gateway, http, proxy, saveUpload, tcp } from "../../mod.ts";
import { Folder } from "../actors/web/folder.ts";

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
    assert.equal(await post("/shared", { origin: APP, ...cookie }), 200);
    assert.equal(await post("/payment", { origin: "https://pay.example", ...cookie }), 200);
    assert.equal(await post("/api/x", { ...evil, ...cookie }), 200);
    assert.equal(await post("/plain", { origin: `http://localhost:${port}`, ...cookie }), 200);
    assert.equal(await post("/plain", cookie), 200);
  },
);
