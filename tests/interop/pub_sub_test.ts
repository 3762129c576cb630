import assert from "node:assert/strict";
import { silent } from "../../actors/log.ts";
import { gateway, http, mqtt, tcp, tls } from "../../mod.ts";
import { certificates, hasOpenssl } from "../transports/tls/certificates.ts";
import { meerkat } from "./commands.ts";
import { hasMosquitto, Mosquitto, orSkipped } from "./mosquitto.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** What any MQTT server must do for `pub` and `sub`. */
async function talk(url: string, more: readonly string[] = []): Promise<void> {
  const pub = (...args: string[]) => meerkat(["pub", url, ...args, ...more]);
  const sub = (...args: string[]) => meerkat(["sub", url, ...args, ...more]);
  const done = { code: 0, out: "", err: "" };
  assert.deepEqual(await pub("-t", "a/state", "-m", "on", "-r", "-q", "2"), done);
  assert.deepEqual(await sub("-t", "a/#", "-v", "-C", "1"), { ...done, out: "a/state on\n" });
  assert.deepEqual(await sub("-t", "a/#", "-N", "-C", "1", "-V", "3.1.1"), { ...done, out: "on" });
  const lines = await meerkat(["pub", url, "-t", "b", "-l", "-r", ...more], { input: "1\n2\r\n3" });
  assert.deepEqual(lines, done);
  assert.deepEqual(await sub("-t", "b", "-C", "1", "-q", "1"), { ...done, out: "3\n" });
  assert.deepEqual(await pub("-t", "b", "-n", "-r", "-q", "1"), done);
  assert.deepEqual(await sub("-t", "b", "-W", "0.2"), { code: 27, out: "", err: "" });
  assert.deepEqual(await sub("-t", "a/#", "-R", "-W", "0.2"), { code: 27, out: "", err: "" });
}

Deno.test("pub and sub talk with this gateway by TCP", strict, async () => {
  await using hub = gateway({ log: silent });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  await talk(`mqtt://127.0.0.1:${port}`);
});

Deno.test({
  name: `pub and sub talk with this gateway by TLS and WebSocket${
    hasOpenssl ? "" : " (skipped: openssl is not installed)"
  }`,
  ignore: !hasOpenssl,
  ...strict,
  async fn() {
    await using hub = gateway({ log: silent });
    const { server, ca } = certificates();
    const { port } = await hub.listen(tls({ port: 0, ...server }), http()).ready;
    const { port: plain } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, ca);
      const url = `wss://localhost:${port}/mqtt`;
      const message = ["-t", "a", "-m", "1", "-q", "1"];
      const done = { code: 0, out: "", err: "" };
      assert.deepEqual(await meerkat(["pub", url, ...message, "--cafile", file]), done);
      assert.deepEqual(await meerkat(["pub", url, ...message, "--insecure"]), done);
      for (const [command, cannot] of [["pub", "publish"], ["sub", "subscribe"]] as const) {
        const more = command === "pub" ? message : ["-t", "a"];
        for (const version of [[], ["-V", "3.1.1"]]) {
          const args = [command, `mqtt://localhost:${port}`, ...more, ...version];
          const { code, err } = await meerkat(args);
          const why = `\\S+:${port} answers in TLS: use mqtts: in place of mqtt:`;
          assert.match(err, new RegExp(`^Cannot ${cannot}: ${why}\n$`));
          assert.equal(code, 1);
        }
      }
      assert.deepEqual(await meerkat(["pub", `ws://127.0.0.1:${plain}`, ...message]), done);
      const refused = await meerkat(["pub", url, ...message]);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /^Cannot publish: Cannot secure .*"localhost"/);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: `pub and sub talk with Mosquitto${orSkipped}`,
  ignore: !hasMosquitto,
  ...strict,
  async fn() {
    await using mosquitto = await Mosquitto.start();
    await talk(mosquitto.url);
  },
});

Deno.test("pub sends properties and a will, sub a session that stays", strict, async () => {
  await using hub = gateway({ log: silent });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const url = `mqtt://127.0.0.1:${port}`;
  const heard = new Promise<unknown>((resolve) => {
    hub.subscribe("a", ({ contentType, properties }) => {
      resolve([contentType, properties?.expirySeconds, properties?.userProperties]);
    });
  });
  const properties = ["content-type text/plain", "message-expiry-interval 60", "user-property x y"]
    .flatMap((each) => ["-D", "publish", ...each.split(" ")]);
  const sent = await meerkat(["pub", url, "-t", "a", "-m", "1", "-q", "1", ...properties]);
  assert.deepEqual(sent, { code: 0, out: "", err: "" });
  assert.deepEqual(await heard, ["text/plain", 60, [["x", "y"]]]);

  const session = ["-t", "night/#", "-q", "1", "-c", "-i", "worker"];
  assert.equal((await meerkat(["sub", url, ...session, "-E"])).code, 0);
  hub.publish("night/1", "owl", { qos: 1 });
  const { out } = await meerkat(["sub", url, ...session, "-C", "1", "-v"]);
  assert.equal(out, "night/1 owl\n");
});

Deno.test("pub and sub say what is wrong, and exit with 1", strict, async () => {
  const url = "mqtt://127.0.0.1:1";
  const cases: [string[], RegExp][] = [
    [["pub", url, "-t", "a", "-m", "1"], /^Cannot publish: Cannot connect to 127.0.0.1:1: /],
    [["sub", url, "-t", "a"], /^Cannot subscribe: Cannot connect to 127.0.0.1:1: /],
    [
      ["pub", url, "-t", "a/#", "-m", "1", "-n"],
      /^Cannot publish to "a\/#": it has a wildcard\nCannot tell what/,
    ],
    [["pub", url, "-t", "a", "-m", "1", "-P", "x"], /^Unknown flag "-P": .*--password-file/],
    [["sub", "host", "-t", "a"], /^Cannot connect to "host": give a URL/],
    [["sub", url], /^Missing -t FILTER/],
    [["sub", url, "-t", "a", "-c"], /^Missing -i ID/],
    [["sub", url, "-t", "a", "-q", "3"], /^Cannot use --qos "3": give 0, 1 or 2/],
    [
      ["sub", url, "-t", "a", "--cafile", "/no/file"],
      /^Cannot read --cafile "\/no\/file": there is no such/,
    ],
    [["sub", url, "-t", "a", "-D", "subscribe", "x", "y"], /^Cannot use -D subscribe x: known are/],
  ];
  await Promise.all(cases.map(async ([args, message]) => {
    const { code, out, err } = await meerkat(args);
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, message);
  }));
});

Deno.test("pub and sub have a help of their own, with examples", strict, async () => {
  for (const command of ["pub", "sub"]) {
    const { code, out } = await meerkat([command, "--help"]);
    assert.equal(code, 0);
    assert.match(out, /\nExamples:\n {2}.* (pub|sub) mqtt:\/\/localhost /);
    for (const line of out.split("\n")) assert.ok(line.length <= 90, line);
  }
});
