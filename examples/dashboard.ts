/**
 * The web pages of a device: static files, settings in a form, a figure each second as a live graph.
 *
 *   deno run -A examples/dashboard.ts
 *
 * Open http://127.0.0.1:8080/, or:
 *
 *   curl http://127.0.0.1:8080/cpu_usage
 *
 * Try: <script>alert(1)</script> as a name; several windows; saving from a page of another site.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import {
  escapeHtml,
  files,
  gateway,
  http,
  type MessageSocket,
  ssi,
  type SsiCall,
  tcp,
} from "../mod.ts";

const root = fileURLToPath(new URL("./dashboard", import.meta.url));

export async function main(options = { port: 8080, everyMs: 1000 }) {
  const hub = gateway();
  const settings = new Map([["name", "Attic"], ["place", "Roof"]]);
  // Only our own page knows it: a form that comes without it is from another site.
  const token = crypto.randomUUID();

  const pages = ssi({
    hub,
    root,
    functions: {
      token: () => token,
      setting: ({ argument }: SsiCall) => escapeHtml(settings.get(argument) ?? ""),
    },
  });
  const rest = files({ root });
  hub.handle("/*", async (request, info) => await pages(request, info) ?? rest(request, info));

  hub.handle("/save", {
    async POST(request) {
      const form = await request.formData().catch(() => undefined);
      if (form === undefined) return new Response("Send a form\n", { status: 400 });
      if (form.get("token") !== token) return new Response("Use our own form\n", { status: 403 });
      for (const name of settings.keys()) settings.set(name, String(form.get(name) ?? ""));
      // The home page again, and not the form once more when somebody reloads.
      return new Response(null, { status: 303, headers: { location: "/" } });
    },
  });

  const usage = cpuUsage();
  hub.handle("/cpu_usage", { GET: () => Response.json({ result: usage.latest }) });

  const sockets = new Set<MessageSocket>();
  hub.websocket("/live", (socket) => {
    sockets.add(socket);
    socket.onclose = () => sockets.delete(socket);
  });
  hub.spawn("push", (self) => {
    const push = () => {
      const text = String(usage.next());
      for (const socket of sockets) socket.send(text);
    };
    const timer = setInterval(() => self.turn(push), options.everyMs);
    self.defer(() => clearInterval(timer));
    return { receive() {} };
  });

  const { port } = await hub.listen(tcp({ port: options.port }), http()).ready;
  console.log(`Dashboard at http://127.0.0.1:${port}/`);
  return { hub, port };
}

/** How busy all processors were between two looks, in per cent; at first, since their start. */
function cpuUsage() {
  let before = { all: 0, idle: 0 }, latest = 0;
  const next = () => {
    const now = total(), all = now.all - before.all;
    if (all > 0) latest = Math.round(1000 * (1 - (now.idle - before.idle) / all)) / 10;
    before = now;
    return latest;
  };
  next();
  return {
    get latest() {
      return latest;
    },
    next,
  };
}

function total() {
  let all = 0, idle = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { all, idle };
}

if (import.meta.main) await main();
