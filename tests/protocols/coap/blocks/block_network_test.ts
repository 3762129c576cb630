import assert from "node:assert/strict";
import { Block, blockOf } from "../../../../protocols/coap/blocks/block.ts";
import { Code, type Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { type Client, joinNetwork } from "../exchange/network.ts";
import { FakeDatagrams, request, seeded, valueOf } from "../fake_datagrams.ts";
import { body } from "./transfers.ts";

/** Sends a body block by block, each when the one before it was answered; from 0 again after 4.08. */
class Upload {
  done: number | undefined;
  #round = 0;

  constructor(readonly client: Client, readonly path: string, readonly payload: Uint8Array) {}

  send(number = 0): void {
    const { client, payload } = this, end = (number + 1) * 64;
    const block = new Block(number, end < payload.length, 2);
    const token = Uint8Array.of(client.index, ++this.#round >> 8, this.#round);
    client.whenAnswered(token, ({ code }) => {
      if (code === Code.continue) this.send(number + 1);
      else if (code === Code.incomplete) this.send();
      else this.done = code;
    });
    const options = [new Option(Options.block1, block.encode())];
    client.send(request(Code.put, this.path, {
      options,
      token,
      payload: payload.slice(number * 64, end),
    }));
  }
}

/** Reads a body block by block, from the first again when it has changed. */
class Download {
  done: Uint8Array | undefined;
  #bytes: number[] = [];
  #etag = "";
  #round = 0;

  constructor(readonly client: Client, readonly path: string) {}

  read(number = 0): void {
    const token = Uint8Array.of(128 + this.client.index, ++this.#round >> 8, this.#round);
    this.client.whenAnswered(token, (answer) => this.#add(answer, number));
    const options = [new Option(Options.block2, new Block(number, false, 2).encode())];
    this.client.send(request(Code.get, this.path, { options, token }));
  }

  #add(answer: Message, number: number): void {
    const etag = valueOf(answer, Options.etag)?.join() ?? "";
    if (number > 0 && (etag !== this.#etag || answer.code !== Code.content)) return this.read();
    if (number === 0) this.#bytes = [];
    this.#etag = etag;
    this.#bytes.push(...answer.payload);
    if (blockOf(uintOf(valueOf(answer, Options.block2)!)).more) this.read(number + 1);
    else this.done = Uint8Array.from(this.#bytes);
  }
}

for (const seed of [1, 2, 3]) {
  Deno.test(`Blockwise carries bodies whole over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = joinNetwork(seed, 5);
    const bodies = clients.map(({ index }) => body(500 + index * 37).map((byte) => byte ^ index));
    const uploads = clients.map((client, index) =>
      new Upload(client, `/topics/${index}`, bodies[index]!)
    );
    for (const upload of uploads) upload.send();
    network.run(stage, network.now + 2_000_000);
    assert.deepEqual(uploads.map(({ done }) => done), uploads.map(() => Code.created));
    assert.equal(stage.space.published.length, clients.length, "carried out twice");
    for (const { topic, payload } of stage.space.published) {
      assert.deepEqual(payload, bodies[Number(topic)]);
    }
    const downloads = clients.map((client, index) => new Download(client, `/topics/${index}`));
    for (const download of downloads) download.read();
    network.after(2000, () => stage.tell("0", body(700)));
    network.run(stage, network.now + 2_000_000);
    assert.deepEqual(downloads.map(({ done }) => done), [body(700), ...bodies.slice(1)]);
    assert.equal(stage.session.load.transfers, 0);
    assert.equal(stage.session.load.peers, 0);
  });
}

Deno.test("CoapSession survives blocks at random", () => {
  const seed = 7959, random = seeded(seed);
  const stage = new FakeDatagrams({ maxTransfers: 4, maxPayloadBytes: 2000 });
  for (let round = 0; round < 20_000; round++) {
    const options = [Options.block2, Options.block1, Options.size1].filter(() => random() < 0.6)
      .map((number) => new Option(number, uint(Math.floor(random() * 2 ** (random() * 24)))));
    const payload = new Uint8Array(random() < 0.7 ? 16 << random() * 7 : random() * 40);
    const code = 1 + Math.floor(random() * 7), type = Math.floor(random() * 2);
    stage.ask(request(code, "/topics/t", { options, payload, type }));
    assert(stage.session.load.transfers <= 8, `seed ${seed}, round ${round}`);
  }
});
