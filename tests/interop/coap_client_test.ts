import assert from "node:assert/strict";
import { coapClient } from "../../mod.ts";
import { body } from "../protocols/coap/blocks/transfers.ts";
import { Child } from "./child.ts";
import { program, testWith } from "./programs.ts";

/** A port that nobody uses at the moment. */
function freePort(): number {
  const socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr;
  socket.close();
  return port;
}

for (const scheme of ["coap", "coap+tcp"]) {
  testWith(["coap-server"], `coapClient talks ${scheme}: with coap-server`, async () => {
    const port = freePort(), limits = { ackTimeoutMs: 100, maxRetransmit: 8 };
    const args = ["-A", "127.0.0.1", "-p", `${port}`, "-d", "10"];
    await using _server = new Child(program("coap-server"), args);
    // Asks again until the server is there.
    await using first = coapClient(`coap://127.0.0.1:${port}`, { limits });
    await first.get("/");
    const payload = body(5_000);
    for (const blockBytes of [1024, 64]) {
      await using client = coapClient(`${scheme}://127.0.0.1:${port}`, { blockBytes });
      assert.match((await client.get("/")).text(), /libcoap/);
      assert.match((await client.get("/.well-known/core")).text(), /<\/time>/);
      const { code } = await client.put("/big", { payload, contentFormat: 42 });
      assert.match(code, /2\.0[14]/);
      assert.deepEqual((await client.get("/big")).payload, payload);
      assert.equal((await client.get("/nothing")).code, "4.04");
      assert.match((await client.get("/async?1")).text(), /done/);
      const times: string[] = [];
      for await (const answer of client.observe("/time")) {
        if (times.push(answer.text()) === 2) break;
      }
      assert.notEqual(times[0], times[1]);
    }
  });
}
