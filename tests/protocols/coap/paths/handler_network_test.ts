import assert from "node:assert/strict";
import { Code, CON, Message, NON, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../../protocols/coap/messages/options.ts";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { bytes, hex } from "../../fakes.ts";
import { joinNetwork } from "../exchange/network.ts";
import { idle } from "./handled.ts";

/** POST to the handler, by whom and which time. */
function post(client: number, round: number): Message {
  const path = ["h", `${client}`, `${round}`].map((each) =>
    new Option(Options.uriPath, bytes(each))
  );
  return new Message(CON, Code.post, round, Uint8Array.of(client, round), path, hex(""));
}

for (const seed of [1, 2, 3, 4, 5]) {
  Deno.test(`A handler is asked once for each request, and heard, over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = joinNetwork(seed, 8);
    const asked: string[] = [];
    stage.shared(Handlers).add("/h/*", (exchange) => {
      const { path } = exchange.request, respond = () => exchange.respond({ status: 200 }, path);
      asked.push(path);
      // At once, soon enough for the acknowledgement, or separately.
      const delayMs = [0, 100, 3_000][Math.floor(network.random() * 3)]!;
      if (delayMs === 0) return respond();
      network.after(delayMs, () => {
        exchange.post(respond);
        stage.turn();
      });
    });
    for (const client of clients) {
      for (let round = 0; round < 5; round++) client.send(post(client.index, round));
    }
    network.run(stage, network.now + 200_000);
    for (const client of clients) {
      for (let round = 0; round < 5; round++) {
        const answer = client.answers.get([client.index, round].join());
        assert.equal(new TextDecoder().decode(answer?.payload), `/h/${client.index}/${round}`);
        assert.notEqual(answer?.type, NON);
      }
    }
    assert.deepEqual(asked.length, new Set(asked).size);
    assert.equal(asked.length, 40);
    network.run(stage, network.now + 300_000);
    assert.deepEqual(stage.session.load, idle);
  });
}
