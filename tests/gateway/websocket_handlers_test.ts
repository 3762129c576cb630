import assert from "node:assert/strict";
import {
  connectWebSocket,
  gateway,
  http,
  Log,
  type MessageSocket,
  type SocketEvents,
  type SocketHandler,
  type SocketOptions,
  tcp,
  websocket,
} from "../../mod.ts";
import { eventually } from "../interop/patience.ts";
import { testWith } from "../interop/programs.ts";
import { Raw } from "./raw.ts";

async function place(handler: SocketHandler, options?: SocketOptions) {
  const lines: string[] = [];
  const hub = gateway({ log: new Log({ sink: (line) => void lines.push(line) }) });
  const remove = hub.websocket("/ws", handler, options);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `ws://127.0.0.1:${port}/ws`;
  return { hub, url, lines, remove, [Symbol.asyncDispose]: () => hub.stop() };
}

function next<Type extends keyof SocketEvents>(
  socket: MessageSocket,
  type: Type,
): Promise<SocketEvents[Type]> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

const echo: SocketHandler = (socket) => {
  socket.onmessage = ({ data }) => socket.send(data);
};

testWith([], "hub.websocket gives the standard's events, in the standard's order", async () => {
  const seen: string[] = [];
  const over = Promise.withResolvers<void>();
  await using at = await place((socket) => {
    seen.push(`handler ${socket.readyState} ${new URL(socket.url).pathname}`);
    socket.onopen = ({ type, target }) => seen.push(`${type} ${Object.is(target, socket)}`);
    socket.addEventListener("message", (event) => {
      assert.ok(event instanceof MessageEvent && event.target as unknown === socket);
      seen.push(
        `message ${typeof event.data === "string" ? event.data : event.data.constructor.name}`,
      );
    });
    socket.onclose = ({ code, reason, wasClean }) => {
      seen.push(`close ${code} ${reason} ${wasClean} ${socket.readyState}`);
      over.resolve();
    };
  });
  const client = connectWebSocket(at.url);
  assert.equal(client.readyState, 0);
  assert.throws(() => client.send("too early"), { name: "InvalidStateError" });
  await next(client, "open");
  client.send("héllo");
  client.send(Uint8Array.of(1, 2));
  client.send(new Float64Array([1]).buffer);
  client.close(4001, "enough");
  assert.equal(client.readyState, 2);
  const { code, wasClean } = await next(client, "close");
  await over.promise;
  assert.deepEqual([code, wasClean, client.readyState], [4001, true, 3]);
  assert.deepEqual(seen, [
    "handler 1 /ws",
    "open true",
    "message héllo",
    "message ArrayBuffer",
    "message ArrayBuffer",
    "close 4001 enough true 3",
  ]);
});

testWith(
  [],
  "A socket whose handler or listener throws is closed with 1011, and no other",
  async () => {
    const handlers: SocketHandler[] = [
      () => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
      (socket) => {
        socket.onmessage = () => {
          throw new Error("on a message");
        };
      },
      (socket) => {
        socket.addEventListener("message", async () => {
          await null;
          throw new Error("after a message");
        });
      },
    ];
    for (const bad of handlers) {
      let isFirst = true;
      await using at = await place((socket) => {
        const handler = isFirst ? echo : bad;
        isFirst = false;
        return handler(socket);
      });
      const good = connectWebSocket(at.url);
      await next(good, "open");
      const client = connectWebSocket(at.url);
      client.onopen = () => client.send("x");
      assert.equal((await next(client, "close")).code, 1011);
      good.send("still there");
      assert.equal((await next(good, "message")).data, "still there");
      good.close();
      await next(good, "close");
      await eventually(
        "the crash to be logged",
        () => at.lines.some((line) => /error crash/.test(line)),
      );
      const sockets = at.hub.tree().children!.find(({ name }) => name === "sockets")!;
      await eventually("the actors to be gone", () => sockets.children!.length <= 1);
    }
  },
);

testWith(
  [],
  "Subprotocols are chosen, and requests refused with the handler's own answer",
  async () => {
    await using at = await place(
      (socket) => socket.send(`${socket.protocol} ${socket.info.identity.user}`),
      {
        protocols: ["two", "one"],
        accept: async (request, { remoteAddr }) => {
          await null;
          assert.equal(remoteAddr.transport, "tcp");
          const word = request.headers.get("x-word");
          if (word === "crash") throw new Error("out of words");
          if (word === "sesame") return undefined;
          return new Response("Say the word\n", { status: 403, headers: { "x-hint": "seeds" } });
        },
      },
    );
    const headers = { "x-word": "sesame" };
    const client = connectWebSocket(at.url, { headers, protocols: ["one", "two", "three"] });
    assert.equal((await next(client, "message")).data, "one undefined");
    assert.equal(client.protocol, "one");
    client.close();
    await next(client, "close");
    for (const [word, status] of [["basil", 403], ["crash", 500]] as const) {
      const refused = connectWebSocket(at.url, { headers: { "x-word": word } });
      const closed = next(refused, "close");
      const error = await next(refused, "error") as ErrorEvent;
      assert.match(error.message, new RegExp(`answers with status ${status}`));
      assert.equal((await closed).code, 1006);
    }
    const raw = await Raw.dial(Number(new URL(at.url).port));
    const fields = ["Host: x", "Connection: Upgrade, close", "Upgrade: websocket", "X-Word: basil"];
    fields.push("Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${btoa("x".repeat(16))}`);
    await raw.send(`GET /ws HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    const answer = await raw.rest();
    assert.match(answer, /^HTTP\/1\.1 403 [^]*\r\nx-hint: seeds\r\n[^]*\r\n\r\nSay the word\n$/);
    raw.close();
  },
);

testWith(
  [],
  "A path that is taken out opens no more sockets, and keeps those that are open",
  async () => {
    await using at = await place(echo);
    assert.throws(() => at.hub.websocket("/ws", echo), TypeError);
    const client = connectWebSocket(at.url);
    await next(client, "open");
    at.remove();
    const late = connectWebSocket(at.url);
    assert.match(((await next(late, "error")) as ErrorEvent).message, /status 404/);
    client.send("still here");
    assert.equal((await next(client, "message")).data, "still here");
    client.close();
    await next(client, "close");
    at.hub.websocket("/ws", echo);
  },
);

testWith(
  [],
  "What the other end does not read counts as buffered, and drained says when it has left",
  async () => {
    const served = Promise.withResolvers<MessageSocket>();
    await using at = await place((socket) => served.resolve(socket));
    const client = connectWebSocket(at.url, { compression: false });
    const server = await served.promise;
    client.pause();
    const drained = next(server, "drained");
    for (let sent = 0; sent < 12; sent++) server.send(new Uint8Array(1 << 20));
    assert.ok(server.bufferedAmount > 8 << 20, `${server.bufferedAmount}`);
    let heard = 0;
    const all = Promise.withResolvers<void>();
    client.onmessage = () => ++heard === 12 && all.resolve();
    client.resume();
    await Promise.all([drained, all.promise]);
    assert.equal(server.bufferedAmount, 0);
    client.close();
    await next(client, "close");
  },
);

testWith([], "Fragments come one by one to a handler that asks for them", async () => {
  let total = 0;
  await using at = await place((socket) => {
    socket.onfragment = ({ data, isText, isLast }) => {
      total += data.length;
      if (isLast) socket.send(`${isText ? "text" : "binary"} ${total}`);
    };
  }, { fragments: true, limits: { maxMessageBytes: 1000 } });
  const client = connectWebSocket(at.url);
  await next(client, "open");
  client.send(new Uint8Array(5 << 20));
  assert.equal((await next(client, "message")).data, `binary ${5 << 20}`);
  client.close();
  await next(client, "close");
});

testWith([], "A handler may say goodbye at once", async () => {
  await using at = await place((socket) => {
    socket.send("no");
    socket.close(1008, "not you");
  });
  const client = connectWebSocket(at.url);
  const heard = next(client, "message");
  const { code, reason } = await next(client, "close");
  assert.deepEqual([(await heard).data, code, reason], ["no", 1008, "not you"]);
});

testWith([], "A stopping gateway says 1001 to every socket", async () => {
  const at = await place(echo);
  const client = connectWebSocket(at.url);
  await next(client, "open");
  const closed = next(client, "close");
  await at.hub.stop();
  assert.equal((await closed).code, 1001);
});

testWith([], "Both ends compress for each other, and what they say stays the same", async () => {
  const hub = gateway();
  await using _ = hub;
  hub.websocket("/*", (socket) => {
    socket.onmessage = ({ data }) => socket.send(data);
    socket.onopen = () => socket.send(socket.request.headers.get("sec-websocket-extensions")!);
  });
  const upgrade = websocket({ compression: { minBytes: 10 } });
  const { port } = await hub.listen(tcp({ port: 0 }), http({ upgrade })).ready;
  for (
    const compression of [true, { windowBits: 9 }, { noContextTakeover: true }, { minBytes: 1 }]
  ) {
    const client = connectWebSocket(`ws://127.0.0.1:${port}/`, { compression });
    assert.match(String((await next(client, "message")).data), /^permessage-deflate/);
    for (let size = 1; size < 200_000; size = size * 3 + 1) {
      const text = `{"size":${size},"é":"ü"}`.repeat(size).slice(0, size);
      client.send(text);
      assert.equal((await next(client, "message")).data, text);
    }
    client.close();
    await next(client, "close");
  }
});
