import assert from "node:assert/strict";
import { any, coapStream, gateway, mqtt, tcp } from "../../mod.ts";
import { Child, run } from "./child.ts";
import { program, testWith } from "./programs.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Runs coap-client over TCP, which prints nothing but the payload of a success. */
async function client(...args: string[]): Promise<Uint8Array> {
  const { stdout, stderr } = await run(program("coap-client"), "-B", "30", ...args);
  if (stderr.length > 0) throw new Error(`coap-client said: ${stderr}`);
  return new Uint8Array(stdout);
}

for (const [name, open] of [["coapStream", coapStream], ["any", any]] as const) {
  testWith(["coap-client"], `coap-client talks to ${name} over TCP`, async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), open()).ready;
    const url = `coap+tcp://127.0.0.1:${port}/topics/home/door`;
    await client("-m", "put", "-e", "open", url);
    assert.equal(text(hub.retained("home/door")!.payload), "open");
    assert.equal(text(await client(url)), "open\n");
    await client("-m", "delete", url);
    assert.equal(hub.retained("home/door"), undefined);
  });
}

testWith(["coap-client"], "coap-client puts and gets 1 MiB over TCP, in blocks", async () => {
  const path = await Deno.makeTempFile();
  try {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
    const url = `coap+tcp://127.0.0.1:${port}/topics/big`;
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 2654435761) >>> 24);
    await Deno.writeFile(path, bytes);
    for (const how of [[], ["-b", "1024"], ["-b", "256"]]) {
      await client("-m", "put", ...how, "-f", path, url);
      assert.deepEqual(hub.retained("big")!.payload, bytes);
      assert.deepEqual(await client(...how, "-o", "-", url), bytes);
      hub.publish("big", "", { retain: true });
    }
  } finally {
    await Deno.remove(path);
  }
});

testWith(
  ["coap-client", "mosquitto_pub"],
  "coap-client observes over TCP what mosquitto_pub publishes",
  async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
    const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
    hub.publish("home/door", "shut", { retain: true });
    const url = `coap+tcp://127.0.0.1:${port}/topics/home/door`;
    await using observer = new Child(program("coap-client"), ["-s", "60", "-o", "-", url]);
    await observer.until("the value", () => text(observer.stdout) === "shut" || undefined);
    const to = ["-h", "127.0.0.1", "-p", `${broker.port}`, "-t", "home/door"];
    await run(program("mosquitto_pub"), ...to, "-m", "open");
    await observer.until("the news", () => text(observer.stdout) === "shutopen" || undefined);
  },
);
