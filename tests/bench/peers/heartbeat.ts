// A gateway that writes down how long its event loop has stood still: port, store, durability, file.
import { gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Durability } from "../../../mod.ts";

const [port, store, durability, into] = Deno.args as [
  string,
  string,
  Durability | "memory",
  string,
];
const limits = {
  maxQueuedMessages: 2_000_000,
  maxQueuedBytes: 2 ** 30,
  maxTotalQueuedBytes: 2 ** 30,
};
const log = new Log({ sink: () => {} });

/** Milliseconds that this thread was ready and another had the processor: no fault of its own. */
function waited(): number {
  if (Deno.build.os !== "linux") return 0;
  const stat = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`);
  return Number(stat.split(" ")[1]) / 1e6;
}

Deno.writeTextFileSync(into, "0");
const hub = gateway({
  log,
  ...durability !== "memory" && { store: sqliteStore(store, { durability, mqtt: limits }) },
});
await hub.listen(tcp({ port: Number(port), hostname: "127.0.0.1" }), mqtt(limits)).ready;

let longest = 0, last = performance.now(), before = waited();
setInterval(() => {
  const pause = performance.now() - last - (waited() - before);
  if (pause > longest) {
    longest = pause;
    Deno.writeTextFileSync(into, String(longest));
  }
  before = waited();
  last = performance.now();
}, 1);

await hub.finished;
