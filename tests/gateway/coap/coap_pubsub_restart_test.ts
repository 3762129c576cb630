import assert from "node:assert/strict";
import { coap, gateway, Log, sqliteStore } from "../../../mod.ts";
import { Code, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { MemoryDatagrams } from "../../../transports/memory_datagrams.ts";
import { FakeClock } from "../../actors/fakes.ts";
import { request } from "../../protocols/coap/fake_datagrams.ts";
import { date, FORMAT, named, payloadOf } from "../../protocols/coap/pubsub/pubsub_stage.ts";
import { CoapClient } from "../lab.ts";

const log = new Log({ sink: () => {} });
const format = new Option(Options.contentFormat, uint(FORMAT));

/** Runs a gateway on a file, at a time, with one CoAP client. */
async function withGateway(
  file: string,
  clock: FakeClock,
  use: (client: CoapClient) => Promise<void>,
): Promise<void> {
  await using hub = gateway({ log, clock, store: sqliteStore(file) });
  const network = new MemoryDatagrams();
  await hub.listen(network, coap()).ready;
  await use(new CoapClient(network.bind()));
}

Deno.test({
  name: "Configured topics are there after a restart, but for those that ended meanwhile",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    const clock = new FakeClock(), end = date(clock.now() / 1000 + 60);
    try {
      await withGateway(file, clock, async (client) => {
        for (const [name, more] of [["stays", {}], ["ends", { 5: end }]] as const) {
          const parts = { payload: payloadOf(named(name, more)), options: [format] };
          assert.equal((await client.ask(request(Code.post, "/pubsub", parts))).code, Code.created);
          const put = request(Code.put, `/ps/${name}`, { payload: "1" });
          assert.equal((await client.ask(put)).code, Code.created);
        }
      });
      await clock.move(120_000);
      await withGateway(file, clock, async (client) => {
        await clock.move(1_000);
        const codeOf = async (uri: string) => (await client.ask(request(Code.get, uri))).code;
        assert.equal(await codeOf("/pubsub/stays"), Code.content);
        assert.equal(await codeOf("/ps/stays"), Code.content);
        assert.equal(await codeOf("/pubsub/ends"), Code.notFound);
        assert.equal(await codeOf("/ps/ends"), Code.notFound);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
