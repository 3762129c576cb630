import assert from "node:assert/strict";
import { connectWebSocket, gateway, http, proxySocket, tcp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { eventually, within } from "../../interop/patience.ts";
import { start } from "../meerkat.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

const NOBODY = "No server behind is well\n";

/** A gateway behind: an echo of requests and of WebSockets. */
async function behind() {
  const hub = gateway();
  hub.handle("/base/*", (request) => new Response(`behind ${new URL(request.url).pathname}`));
  hub.websocket("/base/*", (socket) => {
    socket.onmessage = ({ data }) => {
      if (data === "close") socket.close(4001, "as you wish");
      else socket.send(data);
    };
  }, { protocols: ["echo.v1"] });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, url: `http://127.0.0.1:${port}/base` };
}

function next(socket: ReturnType<typeof connectWebSocket>, event: "message" | "close" | "open") {
  return within(
    event,
    new Promise<{ data?: unknown; code?: number; reason?: string }>((resolve) =>
      socket.addEventListener(event, (heard) => resolve(heard as { data?: unknown }), {
        once: true,
      })
    ),
  );
}

Deno.test("proxySocket() passes messages, subprotocol and close both ways", strict, async () => {
  const far = await behind();
  await using _far = far.hub;
  await using hub = gateway();
  const handler = proxySocket({ path: "/ws", to: [far.url] });
  hub.websocket("/ws/*", handler, { protocols: ["echo.v1"] });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const socket = connectWebSocket(`ws://127.0.0.1:${port}/ws/a?b`, { protocols: ["echo.v1"] });
  await next(socket, "open");
  assert.equal(socket.protocol, "echo.v1");
  for (const data of ["hello", "x".repeat(300_000)]) {
    const heard = next(socket, "message");
    socket.send(data);
    assert.equal((await heard).data, data);
  }
  const closed = next(socket, "close");
  socket.send("close");
  const { code, reason } = await closed;
  assert.deepEqual([code, reason], [4001, "as you wish"]);
});

Deno.test("proxySocket() closes with 1014 when nobody is behind", strict, async () => {
  await using hub = gateway();
  hub.websocket("/ws/*", proxySocket({ path: "/ws", to: ["http://127.0.0.1:1"] }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const socket = connectWebSocket(`ws://127.0.0.1:${port}/ws/`);
  assert.equal((await next(socket, "close")).code, 1014);
});

Deno.test("proxySocket() lets the server know when the client goes", strict, async () => {
  let codes: number[] = [];
  await using far = gateway();
  far.websocket("/", (socket) => {
    socket.onclose = ({ code }) => codes = [...codes, code];
  });
  const { port: farPort } = await far.listen(tcp({ port: 0 }), http()).ready;
  await using hub = gateway();
  hub.websocket("/*", proxySocket({ to: [`http://127.0.0.1:${farPort}`] }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const socket = connectWebSocket(`ws://127.0.0.1:${port}/`);
  await next(socket, "open");
  await eventually("the server", () => JSON.stringify(far.tree()).includes("sockets"));
  socket.close(3000, "enough");
  await eventually("the close", () => codes.length === 1);
  assert.deepEqual(codes, [3000]);
});

Deno.test("proxySocket() asks no other host, however a path is written", strict, async () => {
  await using far = gateway();
  far.websocket("/*", (socket) => socket.send(new URL(socket.request.url).pathname));
  await using elsewhere = gateway();
  elsewhere.websocket("/*", (socket) => socket.send("elsewhere"));
  const { port: farPort } = await far.listen(tcp({ port: 0 }), http()).ready;
  const { port: otherPort } = await elsewhere.listen(tcp({ port: 0 }), http()).ready;
  await using hub = gateway();
  const to = [`http://127.0.0.1:${farPort}`];
  hub.websocket("/ws/*", proxySocket({ path: "/ws", to }));
  hub.websocket("/*", proxySocket({ to }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const other = `//127.0.0.1:${otherPort}/a`;
  for (const path of [`/ws${other}`, other]) {
    const socket = connectWebSocket(`ws://127.0.0.1:${port}${path}`);
    assert.equal((await next(socket, "message")).data, other);
    const closed = next(socket, "close");
    socket.close();
    await closed;
  }
});

Deno.test("Proxies and rewrites to other servers can be configured", strict, async () => {
  const far = await behind();
  await using _far = far.hub;
  await using folder = await Folder.make({});
  const health = { path: "/healthz", intervalMs: "10s", timeoutMs: 500, healthy: 1, unhealthy: 2 };
  const proxy = [
    { path: "/api", to: [far.url], health },
    { path: "/gone", to: ["http://127.0.0.1:1"], health: { unhealthy: 1 } },
  ];
  const web = { proxy, rewrites: { "/old": far.url } };
  const settings = { listen: ["http://127.0.0.1:0"], web };
  await folder.write("meerkat.json", JSON.stringify(settings));
  await using child = start(["--config", `${folder.path}/meerkat.json`]);
  const port = Number(/:(\d+)$/.exec((await child.linesFrom(0, 1))[0]!)![1]);
  for (const path of ["api/x", "old/x"]) {
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
    assert.equal(await answer.text(), "behind /base/x");
  }
  await child.complains("server is down server=http://127.0.0.1:1/");
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/gone/`)).text(), NOBODY);
  const socket = connectWebSocket(`ws://127.0.0.1:${port}/api/x`);
  await next(socket, "open");
  const heard = next(socket, "message");
  socket.send("hello");
  assert.equal((await heard).data, "hello");
  const closed = next(socket, "close");
  socket.close();
  await closed;
});
