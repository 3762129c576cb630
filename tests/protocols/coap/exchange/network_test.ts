import assert from "node:assert/strict";
import { Code, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { request } from "../fake_datagrams.ts";
import { joinNetwork } from "./network.ts";

for (const seed of [1, 2, 3]) {
  Deno.test(`CoapSession publishes once over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = joinNetwork(seed, 5);
    for (const [index, client] of clients.entries()) {
      for (let round = 0; round < 40; round++) {
        const token = Uint8Array.of(round), payload = `${index} ${round}`;
        network.after(round * 200, () => {
          client.send(request(Code.post, "/topics/t", { token, payload }));
        });
      }
    }
    network.run(stage, network.now + 240_000);
    const texts = stage.space.published.map((publication) => publication.text());
    assert.equal(new Set(texts).size, texts.length, "carried out twice");
    for (const client of clients) {
      assert(client.answers.size >= 39);
      for (const { code } of client.answers.values()) assert.equal(code, Code.changed);
    }
    network.run(stage, network.now + 300_000);
    assert.deepEqual(stage.session.load.peers, 0);
  });

  Deno.test(`Observation converges on the last value over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = joinNetwork(seed, 10);
    const options = [new Option(Options.observe, uint(0))];
    for (const client of clients) client.send(request(Code.get, "/topics/t?qos=1", { options }));
    network.run(stage, network.now + 60_000);
    for (let value = 0; value < 100; value++) {
      stage.tell("t", String(value));
      network.run(stage, network.now + 100);
    }
    network.run(stage, network.now + 400_000);
    const reached = clients.filter(({ seen }) => seen !== undefined);
    assert(reached.length >= 9);
    assert.deepEqual(reached.map(({ seen }) => seen!.text), reached.map(() => "99"));
    assert.equal(stage.session.load.timers, stage.session.load.observers);
  });
}
