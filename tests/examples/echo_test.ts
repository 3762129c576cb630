import assert from "node:assert/strict";
import { main } from "../../examples/echo.ts";
import { connectWebSocket, type MessageSocket, type SocketEvents } from "../../mod.ts";
import { Raw } from "../gateway/raw.ts";
import { testWith } from "../interop/programs.ts";

async function place() {
  const { hub, port } = await main(0);
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => hub.stop() };
}

function next<Type extends keyof SocketEvents>(
  socket: MessageSocket,
  type: Type,
): Promise<SocketEvents[Type]> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

testWith([], "The echo answers every path with what it was sent, or OK", async () => {
  await using at = await place();
  for (const path of ["/", "/a/b%20c?d=e", "/topics/a", "/.well-known/core", "/index.html"]) {
    for (const body of [undefined, "", "hello", "x".repeat(300_000)]) {
      const method = body === undefined ? "GET" : "POST";
      const answer = await fetch(at.url + path, { method, body: body ?? null });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "text/plain");
      assert.ok(Date.parse(answer.headers.get("date")!) > 0);
      assert.equal(answer.headers.get("content-length"), `${body?.length || 2}`);
      assert.equal(await answer.text(), body || "OK");
    }
  }
});

testWith([], "The echo lists headers and cookies, and says what it allows", async () => {
  await using at = await place();
  const headers = { "x-one": "1", cookie: "a=b; c=d%20e" };
  const lines = (await (await fetch(`${at.url}/echo`, { headers })).text()).split("\n");
  assert.ok(lines.includes("x-one: 1") && lines.includes("cookie: a=b; c=d%20e"));
  assert.equal(await (await fetch(`${at.url}/cookie`, { headers })).text(), "a=b\nc=d%20e\n");
  const options = await fetch(`${at.url}/any`, { method: "OPTIONS" });
  assert.match(options.headers.get("allow")!, /GET, HEAD, POST/);
  await options.body?.cancel();
  const head = await fetch(`${at.url}/any`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal(head.headers.get("content-length"), "2");
});

testWith([], "The echo takes chunks, and requests behind each other", async () => {
  await using at = await place();
  const raw = await Raw.dial(at.port);
  await raw.send(
    "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
      "GET /b HTTP/1.1\r\nHost: x\r\n\r\n" +
      "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbye",
  );
  const answers = (await raw.rest()).split("HTTP/1.1 ").slice(1);
  assert.deepEqual(answers.map((each) => each.slice(0, 3)), ["200", "200", "200"]);
  assert.deepEqual(answers.map((each) => each.split("\r\n\r\n")[1]), ["hello", "OK", "bye"]);
  raw.close();
});

const H = "Host: x\r\n";
const malformed: [name: string, request: string, status: number][] = [
  ["a bare LF", "GET / HTTP/1.1\nHost: x\n\n", 400],
  ["a folded line", `GET / HTTP/1.1\r\n${H}X-A: b\r\n c\r\n\r\n`, 400],
  ["a space before the colon", `GET / HTTP/1.1\r\n${H}X-A : b\r\n\r\n`, 400],
  ["a space before the name", `GET / HTTP/1.1\r\n X-A: b\r\n${H}\r\n`, 400],
  ["no colon", `GET / HTTP/1.1\r\n${H}X-A\r\n\r\n`, 400],
  ["an empty name", `GET / HTTP/1.1\r\n${H}: b\r\n\r\n`, 400],
  ["NUL in a value", `GET / HTTP/1.1\r\n${H}X-A: \0\r\n\r\n`, 400],
  ["a bare CR in a value", `GET / HTTP/1.1\r\n${H}X-A: a\rb\r\n\r\n`, 400],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two Hosts", `GET / HTTP/1.1\r\n${H}${H}\r\n`, 400],
  ["a Host that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
  ["an invalid method", `G<T / HTTP/1.1\r\n${H}\r\n`, 400],
  ["no target", `GET HTTP/1.1\r\n${H}\r\n`, 400],
  ["a target with a space", `GET /a b HTTP/1.1\r\n${H}\r\n`, 400],
  ["a relative target", `GET a HTTP/1.1\r\n${H}\r\n`, 400],
  ["a version that is none", `GET / HTTP/x.1\r\n${H}\r\n`, 400],
  ["a version of the future", `GET / HTTP/3.0\r\n${H}\r\n`, 505],
  ["two lengths", `POST / HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  ["a list of lengths", `POST / HTTP/1.1\r\n${H}Content-Length: 1, 1\r\n\r\na`, 400],
  ["a signed length", `POST / HTTP/1.1\r\n${H}Content-Length: +1\r\n\r\na`, 400],
  ["a negative length", `POST / HTTP/1.1\r\n${H}Content-Length: -1\r\n\r\na`, 400],
  ["a length in hexadecimal", `POST / HTTP/1.1\r\n${H}Content-Length: 0x1\r\n\r\na`, 400],
  ["an empty length", `POST / HTTP/1.1\r\n${H}Content-Length: \r\n\r\na`, 400],
  [
    "a length and chunks",
    `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["an unknown coding", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n`, 501],
  [
    "chunked twice",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    501,
  ],
  ["chunks in HTTP/1.0", `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  [
    "a chunk size that is none",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    400,
  ],
  [
    "a chunk size with a sign",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n`,
    400,
  ],
  [
    "a chunk that is too long",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`,
    400,
  ],
  ["an unknown expectation", `GET / HTTP/1.1\r\n${H}Expect: a-miracle\r\n\r\n`, 417],
];

for (const [name, request, status] of malformed) {
  testWith([], `The echo is strict: ${name} is answered ${status}`, async () => {
    await using at = await place();
    const raw = await Raw.dial(at.port);
    const ending = status === 417
      ? request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
      : request;
    await raw.send(ending);
    const answer = await raw.rest();
    assert.equal(answer.slice(0, 13), `HTTP/1.1 ${status} `);
    assert.equal(answer.split(/HTTP\/1\.1 \d/).length, 2, "one answer, and the connection ends");
    raw.close();
  });
}

testWith(
  [],
  "The echo gives back messages of 16 MiB with their type, compressed or not",
  async () => {
    await using at = await place();
    for (const compression of [false, true]) {
      const limits = { maxMessageBytes: 16 << 20 };
      const socket = connectWebSocket(`ws://127.0.0.1:${at.port}/topics/any`, {
        compression,
        limits,
      });
      await next(socket, "open");
      const sent = new Uint8Array(16 << 20).map((_, at) => at * 31 >> 5);
      socket.send(sent);
      const { data } = await next(socket, "message");
      assert.ok(data instanceof ArrayBuffer);
      assert.ok(new Uint8Array(data).every((byte, at) => byte === sent[at]));
      const text = "é".repeat(4 << 20);
      socket.send(text);
      assert.equal((await next(socket, "message")).data, text);
      for (const short of ["", "x", "text ".repeat(1000)]) {
        socket.send(short);
        assert.equal((await next(socket, "message")).data, short);
      }
      socket.close(3000);
      assert.equal((await next(socket, "close")).code, 3000);
    }
  },
);
