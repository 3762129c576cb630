import assert from "node:assert/strict";
import { connect } from "node:net";
import { gateway, http, saveUpload, tcp, type UploadOptions } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A gateway that keeps what is posted to /upload. */
async function uploads(folder: Folder, options: Partial<UploadOptions> = {}) {
  const hub = gateway();
  hub.handle("/upload", saveUpload({ folder: folder.path, ...options }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const post = (...files: File[]) => {
    const body = new FormData();
    for (const file of files) body.append("file", file);
    return fetch(`http://127.0.0.1:${port}/upload`, { method: "POST", body });
  };
  return { hub, port, post };
}

async function namesIn({ path }: Folder): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}

Deno.test(
  "Uploads keep each file under a safe name, and number those of one name",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const { hub, post } = await uploads(folder);
    await using _ = hub;
    const names = [
      "../../a b.txt",
      "C:\\x\\a b.txt",
      ".profile",
      "a\u202eb<c>.é",
      "x".repeat(300) + ".tar",
    ];
    const answer = await post(...names.map((name) => new File([name], name)));
    assert.equal(answer.status, 201);
    const saved = await answer.json() as { name: string; bytes: number }[];
    assert.deepEqual(saved.map(({ name }) => name), [
      "a b.txt",
      "a b-2.txt",
      "profile",
      "a_b_c_.é",
      "x".repeat(180) + ".tar",
    ]);
    assert.deepEqual(await namesIn(folder), saved.map(({ name }) => name).sort());
    assert.equal(await Deno.readTextFile(`${folder.path}/a b-2.txt`), names[1]);
  },
);

Deno.test("Uploads shorten names that take more bytes than characters", strict, async () => {
  await using folder = await Folder.make({});
  const { hub, post } = await uploads(folder);
  await using _ = hub;
  const answer = await post(new File(["1"], "漢".repeat(190) + ".txt"), new File(["2"], "b"));
  const names = (await answer.json() as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ["漢".repeat(60) + ".txt", "b"]);
  assert.deepEqual(await namesIn(folder), names.sort());
});

Deno.test("Nothing stays of an upload of which one file cannot be kept", strict, async () => {
  await using folder = await Folder.make({ "taken/": "" });
  const { hub, post } = await uploads(folder, { name: (name) => name });
  await using _ = hub;
  const answer = await post(new File(["1"], "a"), new File(["2"], "taken"), new File(["3"], "c"));
  assert.equal(answer.status, 500);
  await answer.text();
  assert.deepEqual(await namesIn(folder), ["taken"]);
});

Deno.test("Uploads of one name are not all looked through for ever", strict, async () => {
  await using folder = await Folder.make({ "a.txt": "" });
  for (let number = 2; number <= 1000; number++) {
    await folder.write(`a-${number}.txt`, "");
  }
  const { hub, post } = await uploads(folder);
  await using _ = hub;
  const [{ name }] = await (await post(new File(["1"], "a.txt"))).json();
  assert.match(name, /^a-[\da-f]{8}-[-\da-f]{27}\.txt$/);
});

const refused: [name: string, files: File[], options: Partial<UploadOptions>, status: number][] = [
  ["a name that is none", [new File(["1"], "ok"), new File(["1"], "..")], {}, 403],
  ["the name of a device", [new File(["1"], "con.txt")], {}, 403],
  ["a name that the callback refuses", [new File(["1"], "a")], { name: () => undefined }, 403],
  ["a callback's name that leaves the folder", [new File(["1"], "a")], { name: () => "../a" }, 403],
  ["a file over the limit", [new File(["12345"], "a")], { maxFileBytes: 4 }, 413],
  ["more files than the limit", [new File(["1"], "a"), new File(["1"], "b")], { maxFiles: 1 }, 413],
];
for (const [name, files, options, status] of refused) {
  Deno.test(`Uploads refuse ${name} with ${status}, and keep nothing`, strict, async () => {
    await using folder = await Folder.make({});
    const { hub, post } = await uploads(folder, options);
    await using _ = hub;
    const answer = await post(...files);
    assert.equal(answer.status, status);
    assert.match(await answer.text(), /^Cannot /);
    assert.deepEqual(await namesIn(folder), []);
  });
}

Deno.test("Uploads answer other methods with 405, and other bodies with 415", strict, async () => {
  await using folder = await Folder.make({});
  const { hub, port } = await uploads(folder);
  await using _ = hub;
  for (const [method, status] of [["PUT", 405], ["POST", 415]] as const) {
    const answer = await fetch(`http://127.0.0.1:${port}/upload`, { method, body: "x" });
    await answer.text();
    assert.equal(answer.status, status);
  }
});

Deno.test("Nothing stays of an upload that the client breaks off", strict, async () => {
  await using folder = await Folder.make({});
  const { hub, port } = await uploads(folder);
  await using _ = hub;
  const socket = connect(port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const part = '--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n';
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n${part}`,
  );
  socket.write("x".repeat(100_000));
  await eventually("the temporary file", async () => (await namesIn(folder)).length === 1);
  socket.destroy();
  await closed;
  await eventually("its end", async () => (await namesIn(folder)).length === 0);
});

testWith(
  ["curl"],
  "curl uploads 256 MiB to a gateway whose memory does not grow with it",
  async () => {
    await using folder = await Folder.make({
      "kept/": "",
      "big": new Uint8Array(256 << 20).fill(120),
    });
    await folder.write("kept/", "");
    const { hub, port } = await uploads(new Folder(`${folder.path}/kept`));
    await using _ = hub;
    const before = Deno.memoryUsage().rss;
    let most = before;
    const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 20);
    const url = `http://127.0.0.1:${port}/upload`;
    const { stdout } = await run(
      program("curl"),
      "-sS",
      "--fail",
      "-F",
      `f=@${folder.path}/big`,
      url,
    )
      .finally(() => clearInterval(timer));
    assert.deepEqual(JSON.parse(text(stdout)), [{ name: "big", bytes: 256 << 20 }]);
    assert.equal((await Deno.stat(`${folder.path}/kept/big`)).size, 256 << 20);
    // What 256 MiB that are kept would take, by far; the garbage of reading comes and goes.
    assert.ok(most - before < 96 << 20, `${(most - before) >> 20} MiB more`);
  },
);
