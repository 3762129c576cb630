import assert from "node:assert/strict";
import { CrossCache } from "../../../../actors/web/cross/cross_cache.ts";

/** Answers of a server that has one value, in pieces, and how often it was asked. */
function server(pieces: readonly string[]) {
  let asked = 0;
  const ask = () => {
    asked++;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    return Promise.resolve(new Response(body, { headers: { "cache-control": "max-age=60" } }));
  };
  return { ask, asked: () => asked };
}

Deno.test("CrossCache keeps what is short enough, and passes on what is not", async () => {
  const request = new Request("http://proxy.test/");
  for (const [pieces, asked] of [[["1234", "5678"], 1], [["1234", "56789", "0"], 2]] as const) {
    const cache = new CrossCache(10, 8, () => 0), target = server(pieces);
    for (let round = 0; round < 2; round++) {
      const answer = await cache.answer(request, "coap://a/", target.ask);
      assert.equal(await answer.text(), pieces.join(""));
    }
    assert.equal(target.asked(), asked);
  }
});

Deno.test("CrossCache forgets the answer that was used longest ago when there is no room", async () => {
  const cache = new CrossCache(2, 100, () => 0), request = new Request("http://proxy.test/");
  const targets = ["a", "b", "c"].map((name) => ({ name, ...server([name]) }));
  for (const { name, ask } of targets) await (await cache.answer(request, name, ask)).text();
  for (const { name, ask } of targets.toReversed()) {
    await (await cache.answer(request, name, ask)).text();
  }
  assert.deepEqual(targets.map(({ asked }) => asked()), [2, 1, 1]);
});
