import assert from "node:assert/strict";
import { connect } from "node:net";
import { sign } from "../../examples/s3/signature.ts";
import { main } from "../../examples/s3_upload.ts";
import { Child } from "../interop/child.ts";
import { eventually, within } from "../interop/patience.ts";
import { S3StandIn } from "./s3_stand_in.ts";

/** Connections to the service are kept for the next upload. */
const options = { sanitizeOps: false, sanitizeResources: false };

async function started(change: Partial<S3StandIn["signer"]> = {}) {
  const service = new S3StandIn(), endpoint = await service.listen();
  const signer = { ...service.signer, ...change };
  const { hub, port } = await main({ port: 0, endpoint, signer });
  const post = (bytes: Uint8Array<ArrayBuffer>, name = "cat é (1).jpg") => {
    const form = new FormData();
    form.append("bucket", "photos");
    form.append("file", new File([bytes], name));
    return fetch(`http://127.0.0.1:${port}/upload`, { method: "POST", body: form });
  };
  const stop = async () => {
    await hub.stop();
    await service[Symbol.asyncDispose]();
  };
  return { service, port, post, [Symbol.asyncDispose]: stop };
}

Deno.test("A signature is what the rules of AWS make of a known request", async () => {
  const signer = {
    accessKey: "AKIAIOSFODNN7EXAMPLE",
    secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
  };
  const url = new URL("https://examplebucket.s3.amazonaws.com/?lifecycle");
  const fields = await sign(
    { method: "GET", url, body: new Uint8Array() },
    signer,
    new Date("2013-05-24T00:00:00Z"),
  );
  assert.match(
    fields.authorization!,
    /Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/,
  );
});

Deno.test({
  name: "An upload goes to the service, in parts when it is long, never whole in memory",
  ...options,
  async fn() {
    await using all = await started();
    for (const size of [0, 3, 5 << 20, (12 << 20) + 7]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
      const answer = await all.post(bytes);
      assert.equal(await answer.text(), "cat é (1).jpg is in photos\n");
      assert.equal(answer.status, 201);
      assert.deepEqual(all.service.objects.get("/photos/cat é (1).jpg"), bytes);
    }
    assert.equal(all.service.largestBody, 5 << 20);
    assert.deepEqual([all.service.open.size, all.service.abandoned], [0, 0]);
  },
});

Deno.test({
  name: "Errors of the service are shown with their own status",
  ...options,
  async fn() {
    for (
      const [change, code] of [
        [{ secretKey: "wrong" }, "SignatureDoesNotMatch"],
        [{ accessKey: "AKIDNOBODY" }, "InvalidAccessKeyId"],
      ] as const
    ) {
      await using all = await started(change);
      const answer = await all.post(Uint8Array.of(1));
      assert.deepEqual([answer.status, await answer.text()], [403, `The service says: ${code}\n`]);
    }
    const { hub, port } = await main({
      port: 0,
      endpoint: "http://127.0.0.1:1",
      signer: { accessKey: "a", secretKey: "b", region: "c" },
    });
    await using _ = hub;
    const form = new FormData();
    form.append("bucket", "photos");
    form.append("file", new File(["x"], "a"));
    const url = `http://127.0.0.1:${port}/upload`;
    const unreached = await fetch(url, { method: "POST", body: form });
    assert.equal(unreached.status, 502);
    assert.match(await unreached.text(), /^Cannot reach the service: /);
    const empty = new FormData();
    empty.append("file", new File(["x"], "a"));
    const bad = await fetch(url, { method: "POST", body: empty });
    assert.deepEqual([bad.status, await bad.text()], [
      400,
      "bad input: a bucket and then a file are needed\n",
    ]);
  },
});

Deno.test({
  name: "What the service cannot put together is no success, and no name leads out of the bucket",
  ...options,
  async fn() {
    await using all = await started();
    all.service.completion = "<Error><Message>InternalError</Message></Error>";
    const answer = await all.post(new Uint8Array(6 << 20));
    assert.deepEqual([answer.status, await answer.text()], [
      502,
      "The service says: InternalError\n",
    ]);
    for (const name of ["../evil", "..", "a/./b"]) {
      const answer = await all.post(Uint8Array.of(1), name);
      assert.equal(answer.status, 400, await answer.text());
    }
  },
});

Deno.test({
  name: "When the client breaks off, the service drops what it has",
  ...options,
  async fn() {
    await using all = await started();
    const socket = connect(all.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const field = '--b\r\nContent-Disposition: form-data; name="bucket"\r\n\r\nphotos\r\n';
    const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
    const type = "multipart/form-data; boundary=b";
    const head = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n`;
    socket.write(`${head}Content-Length: 100000000\r\n\r\n${field}${file}`);
    all.service.onPart = (number) => {
      if (number === 2) socket.destroy();
    };
    const piece = new Uint8Array(1 << 20);
    for (let i = 0; i < 16; i++) socket.write(piece);
    socket.on("error", () => {});
    await closed;
    await eventually("the end of the upload", () => all.service.abandoned === 1);
    assert.deepEqual([all.service.open.size, all.service.objects.size], [0, 0]);
  },
});

Deno.test({
  name: "When the client breaks off within a part, the connection to the service ends",
  ...options,
  async fn() {
    await using all = await started();
    const far = Promise.withResolvers<void>(), began = Promise.withResolvers<void>();
    all.service.onBody = (request) => {
      // It takes no more: only an end can come.
      request.pause();
      request.socket.once("close", () => far.resolve());
      began.resolve();
    };
    const aborter = new AbortController();
    const form = new FormData();
    form.append("bucket", "photos");
    form.append("file", new File([new Uint8Array(4 << 20)], "a"));
    const url = `http://127.0.0.1:${all.port}/upload`;
    const asked = fetch(url, { method: "POST", body: form, signal: aborter.signal });
    await within("the body at the service", began.promise);
    aborter.abort();
    await assert.rejects(asked);
    await within("the end at the service", far.promise);
    assert.equal(all.service.objects.size, 0);
  },
});

Deno.test({
  name: "When the service dies in the middle, the client hears it, and its upload ends",
  ...options,
  async fn() {
    await using all = await started();
    all.service.onPart = (number) => {
      if (number === 2) throw new Error("the service dies");
    };
    // More than the service ever gets, and no end: the answer has to come before it.
    let sent = 0;
    const piece = new Uint8Array(1 << 20);
    const intro = new TextEncoder().encode(
      '--b\r\nContent-Disposition: form-data; name="bucket"\r\n\r\nphotos\r\n' +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
    );
    const socket = connect(all.port, "127.0.0.1");
    socket.on("error", () => {});
    const type = "multipart/form-data; boundary=b";
    const head = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n`;
    socket.write(`${head}Content-Length: 10000000000\r\n\r\n`);
    socket.write(intro);
    let heard = "";
    socket.on("data", (bytes) => heard += bytes);
    const ended = new Promise((resolve) => socket.once("end", resolve));
    const feed = () => {
      for (; sent < 64 && heard === ""; sent++) if (!socket.write(piece)) return void sent++;
    };
    socket.on("drain", feed);
    feed();
    await within("the end", ended);
    socket.destroy();
    assert.match(heard, /^HTTP\/1\.1 502 [^]*\r\n\r\nCannot reach the service: \S/);
    assert.equal(all.service.objects.size, 0);
    await eventually("the parts to be given up", () => all.service.abandoned === 1);
  },
});

Deno.test({
  name: "Without keys the example says how it is used",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const file = new URL("../../examples/s3_upload.ts", import.meta.url).pathname;
    const env = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", NO_COLOR: "1" };
    await using child = new Child(Deno.execPath(), ["run", "-A", file], { env });
    const { code, stderr } = await child.ended();
    assert.equal(code, 1);
    assert.match(stderr, /Missing keys: set AWS_ACCESS_KEY_ID/);
  },
});
