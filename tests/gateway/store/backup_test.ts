import assert from "node:assert/strict";
import { backupStore, exportStore } from "../../../actors/store/transfer.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { listening } from "../meerkat.ts";
import { Counter } from "./durable_clients.ts";
import { SmallDisk } from "./small_disk.ts";
import { isSound } from "./sound_store.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const mayMount = await SmallDisk.isPossible();

/** The numbers of the messages that wait, as they are exported. */
function numbersIn(file: string): number[] {
  return [...exportStore(file)].map((line) => JSON.parse(line))
    .filter(({ table }) => table === "messages")
    .map(({ payload }) => Number(payload.split("/")[1]));
}

for (const durability of ["strict", "relaxed"]) {
  Deno.test(
    `What is copied or exported under load is one moment: ${durability}`,
    strict,
    async () => {
      const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
      const args = ["--data", file, "--durability", durability];
      const gateway = await listening(["mqtt://127.0.0.1:0"], args), port = gateway.ports[0]!;
      const away = await dialMqtt(port, { clientId: "away", clean: false });
      await away.subscribe("one/#", 1);
      await away.close();
      const counter = new Counter("one", (number) => `one/${number}`);
      const counting = counter.run(port);
      for (let round = 0; round < 3; round++) {
        const copy = `${folder}/${round}.db`, { size } = counter.acknowledged;
        await eventually("more messages", () => counter.acknowledged.size > size + 100);
        const before = counter.acknowledged.size;
        await backupStore(file, copy);
        for (const numbers of [numbersIn(copy), numbersIn(file)]) {
          assert.deepEqual(numbers, Array.from(numbers, (_, at) => at));
          // With `relaxed` the last of them are on their way into the file.
          if (durability === "strict") assert.ok(numbers.length >= before);
        }
        await isSound(copy);
      }
      gateway.child.kill("SIGKILL");
      await counting;
      await gateway[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  );
}

Deno.test({
  name: "A copy for which there is no room leaves no half of one" +
    (mayMount ? "" : " (skipped: this process may not mount a tmpfs)"),
  ignore: !mayMount,
  ...strict,
  async fn() {
    await using small = (await SmallDisk.mount())!;
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    {
      await using gateway = await listening(["http://127.0.0.1:0"], ["--data", file]);
      const url = `http://127.0.0.1:${gateway.ports[0]}/topics/large`;
      await (await fetch(url, { method: "PUT", body: "x".repeat(900_000) })).body?.cancel();
    }
    Deno.writeFileSync(`${small.folder}/filler`, new Uint8Array(1_500_000));
    const copy = `${small.folder}/copy.db`;
    await assert.rejects(backupStore(file, copy), /Cannot copy .* to .*: database or disk is full/);
    assert.deepEqual([...Deno.readDirSync(small.folder)].map(({ name }) => name), ["filler"]);
    await Deno.remove(folder, { recursive: true });
  },
});
