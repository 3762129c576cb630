import assert from "node:assert/strict";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { listening, start, type StartOptions } from "./meerkat.ts";

const without: StartOptions = { deno: ["--no-prompt"] };

/** Command lines that are wrong, and the one line that says so. */
const refusals: [string[], RegExp][] = [
  [["--listne", "mqtt://:1883"], /--listne.*did you mean "--listen"\?$/],
  [["--listen"], /--listen/],
  [["--listen", "mqqt://:1883"], /mqqt.*did you mean "mqtt"\?/],
  [["--listen", "mqtt://:99999"], /99999.*65535/],
  [["--listen", "coaps://:1"], /coaps/],
  [["--listen", "mqtts://:0"], /cert/],
  [["--drain", "soon"], /soon/],
  [["--log-level", "loud"], /loud/],
  [["mqtt://:1883"], /--listen/],
  [["strat"], /strat/],
];

for (const [args, line] of refusals) {
  testWith([], `The command refuses ${args.join(" ")} with one line and exit 2`, async () => {
    await using child = start(args, without);
    const { code, stdout, stderr } = await child.ended();
    assert.equal(stdout.length, 0);
    assert.match(stderr, /^[^\n]+\n$/);
    assert.match(stderr.trimEnd(), line);
    assert.equal(code, 2);
  });
}

testWith(
  [],
  "The command refuses files that are absent or wrong with one line and exit 2",
  async () => {
    const folder = await Deno.makeTempDir();
    const broken = `${folder}/broken.json`, odd = `${folder}/odd.json`;
    await Deno.writeTextFile(broken, '{ "listen": [ }');
    await Deno.writeTextFile(odd, '{ "lissten": [], "drain": 7 }');
    try {
      const expected: [string[], RegExp][] = [
        [["--config", `${folder}/none.json`], /none\.json.*no such file/],
        [["--config", broken], /broken\.json.*1/],
        [["--config", odd], /odd\.json.*lissten|odd\.json.*drain/],
        [["--listen", "mqtts://:0", "--cert", `${folder}/no.pem`, "--key", odd], /no\.pem/],
      ];
      for (const [args, line] of expected) {
        await using child = start(args);
        const { code, stdout, stderr } = await child.ended();
        assert.equal(stdout.length, 0);
        assert.match(stderr, /^[^\n]+\n$/);
        assert.match(stderr, line);
        assert.equal(code, 2);
      }
      await using check = start(["check", "--config", odd]);
      const { code, stdout, stderr } = await check.ended();
      const said = new TextDecoder().decode(stdout) + stderr;
      assert.equal(code, 1);
      assert.match(said, /lissten/);
      assert.match(said, /drain/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith([], "The command checks a configuration that is right", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, '{ "listen": ["mqtt://127.0.0.1:0"], "drain": "1s" }');
  try {
    await using child = start(["check", "--config", file]);
    assert.equal((await child.ended()).code, 0);
    await using gateway = start(["--config", file]);
    assert.match((await gateway.linesFrom(0, 1))[0]!, /^listening mqtt:\/\/127\.0\.0\.1:\d+$/);
    gateway.kill("SIGTERM");
    const { code, stderr } = await gateway.ended();
    assert.match(stderr, /drainMs=1000/);
    assert.equal(code, 0);
  } finally {
    await Deno.remove(file);
  }
});

testWith(
  [],
  "The command says its version, its flags and its schema without any permission",
  async () => {
    const wanted: [string[], RegExp][] = [
      [["--version"], /^meerkat \d+\.\d+\.\d+\n$/],
      [["--help"], /--listen URL[^]*--allow-anonymous[^]*mqtts:/],
      [["schema"], /^\{\n {2}"\$schema"[^]*\}\n$/],
    ];
    for (const [args, text] of wanted) {
      await using child = start(args, without);
      const { code, stdout, stderr } = await child.ended();
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(new TextDecoder().decode(stdout), text);
    }
  },
);

testWith([], "The command does not let strangers in unless it is told to", async () => {
  await using refused = start(["--listen", "mqtt://0.0.0.0:0"], without);
  const { code, stdout, stderr } = await refused.ended();
  assert.deepEqual([code, stdout.length], [1, 0]);
  assert.match(stderr, /^[^\n]*0\.0\.0\.0[^\n]*--allow-anonymous[^\n]*\n$/);
  await using gateway = await listening(["mqtt://0.0.0.0:0"], ["--allow-anonymous"]);
  assert.match(gateway.lines[0]!, /^listening mqtt:\/\/0\.0\.0\.0:\d+$/);
});

testWith([], "The command exits with 1 when something else listens there", async () => {
  await using first = await listening(["mqtt://127.0.0.1:0", "http://127.0.0.1:0"]);
  for (const [index, scheme] of ["mqtt", "http"].entries()) {
    const url = `${scheme}://127.0.0.1:${first.ports[index]}`;
    // The first of its listeners starts, and does not keep the process alive.
    await using second = start(["--listen", "coap://127.0.0.1:0", "--listen", url]);
    const { code, stdout, stderr } = await second.ended();
    assert.equal(stdout.length, 0);
    const line = `Cannot listen on ${url}: something else listens there already`;
    assert.equal(stderr, `${line}\n`);
    assert.equal(code, 1);
  }
});

testWith([], "The command names each listener with the port that the system chose", async () => {
  const urls = ["http://127.0.0.1:0", "mqtt://localhost:0", "coap://127.0.0.1:0"];
  await using gateway = await listening(urls);
  for (const [index, url] of urls.entries()) {
    const port = gateway.ports[index]!;
    assert.ok(port > 0);
    assert.equal(gateway.lines[index], `listening ${url.replace(/0$/, `${port}`)}`);
  }
});

testWith(["curl", "IPv6"], "A listener on [::] serves IPv6 and IPv4", async () => {
  await using gateway = await listening(["http://[::]:0"], ["--allow-anonymous"]);
  for (const host of ["127.0.0.1", "[::1]"]) {
    const url = `http://${host}:${gateway.ports[0]}/topics/`;
    const { stdout } = await run(program("curl"), "-sS", "--fail", url);
    assert.equal(new TextDecoder().decode(stdout).trim(), "[]");
  }
});
