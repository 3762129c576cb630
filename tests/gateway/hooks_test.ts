import assert from "node:assert/strict";
import { coap, gateway, type Hooks, http, Log, mqtt, tcp, udp } from "../../mod.ts";
import { Child } from "../interop/child.ts";
import { listenToAll } from "../interop/listeners.ts";
import { eventually } from "../interop/patience.ts";
import { program, testWith } from "../interop/programs.ts";
import { openWebSocket } from "../interop/websocket.ts";
import { bytes, join } from "../protocols/fakes.ts";
import { Raw } from "./raw.ts";
import { detailOf } from "./tree.ts";

/** Lets in ann with her password, into topics of her own; each answer takes a moment. */
function hooks(later: boolean): Hooks {
  const answer = <T>(value: T): T | Promise<T> =>
    later ? new Promise((resolve) => setTimeout(() => resolve(value), 1)) : value;
  return {
    authenticate: ({ username, passwordText }) =>
      answer(username === "ann" && passwordText === "secret" ? { user: "ann" } : false),
    authorize: ({ identity, topic }) => answer(topic.startsWith(`${identity.user}/`)),
  };
}

const basic = `Basic ${btoa("ann:secret")}`;

for (const later of [false, true]) {
  const when = later ? "later" : "at once";
  testWith([], `HTTP clients are let in or not ${when}, request by request`, async () => {
    await using hub = gateway({ hooks: hooks(later) });
    const ports = await listenToAll(hub);
    const statusOf = async (topic: string, authorization: string, method = "PUT") => {
      const url = `http://127.0.0.1:${ports.http}/topics/${topic}`;
      const body = method === "PUT" ? "1" : null;
      const answer = await fetch(url, { method, body, headers: { authorization } });
      await answer.text();
      return answer.status;
    };
    assert.equal(await statusOf("ann/a", basic), 201);
    assert.equal(await statusOf("bob/a", basic), 403);
    assert.equal(await statusOf("ann/a", "Basic YW5uOmJhZA=="), 401);
    assert.equal(await statusOf("ann/a", basic, "GET"), 200);
    assert.equal(await statusOf("bob/a", basic, "GET"), 403);
  });

  testWith(
    [],
    `A WebSocket, and what is sent right behind its handshake, is let in ${when}`,
    async () => {
      await using hub = gateway({ hooks: hooks(later) });
      const { http } = await listenToAll(hub);
      const heard = Promise.withResolvers<string>();
      hub.subscribe("ann/#", (message) => heard.resolve(message.text()));
      const client = await Raw.dial(http);
      const handshake = `GET /topics/ann/a HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: ${basic}\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
      // A masked text frame, with a mask of zeros.
      await client.send(
        join([bytes(handshake), Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69)]),
      );
      assert.equal(await heard.promise, "hi");
      await client.until("HTTP/1.1 101 ");
      const { session, identity } = detailOf(hub, "websocket");
      assert.equal(session, "websocket topic ann/a");
      assert.equal((identity as { user: string }).user, "ann");
      client.close();
    },
  );

  testWith(
    ["mosquitto_pub", "mosquitto_sub"],
    `mosquitto's clients are let in or not ${when}`,
    async () => {
      await using hub = gateway({ hooks: hooks(later) });
      const { mqtt } = await listenToAll(hub);
      const at = ["-p", String(mqtt), "-V", "5"], login = ["-u", "ann", "-P", "secret"];
      const pub = async (...args: string[]) => {
        await using child = new Child(program("mosquitto_pub"), [...at, ...args]);
        await child.closeInput();
        const { code, stderr } = await child.ended();
        return `${code} ${stderr.trim()}`;
      };
      const follow = [...at, ...login, "-i", "follower", "-t", "ann/#", "-v"];
      await using sub = new Child(program("mosquitto_sub"), follow);
      await eventually("the subscription", () => hub.publish("ann/ready", "") === "accepted");
      const identity = detailOf(hub, "follower").identity as Record<string, unknown>;
      assert.deepEqual([identity.user, identity.clientId], ["ann", "follower"]);
      assert.match(await pub("-t", "ann/a", "-m", "1"), /^[1-9].*(not authori[sz]ed|bad user)/i);
      const bad = await pub("-u", "ann", "-P", "guess", "-t", "ann/a", "-m", "2");
      assert.match(bad, /^[1-9].*(not authori[sz]ed|bad user)/i);
      assert.match(await pub(...login, "-q", "1", "-t", "bob/a", "-m", "3"), /not authori[sz]ed/i);
      // Sent, followed by DISCONNECT and the end of the stream, while hooks still think.
      for (const qos of ["0", "1", "2"]) {
        assert.equal(await pub(...login, "-q", qos, "-t", "ann/a", "-m", qos), "0 ");
      }
      const lines = await sub.until("three messages", () => {
        const found = sub.lines.filter((line) => line.startsWith("ann/a "));
        return found.length === 3 ? found : undefined;
      });
      assert.deepEqual(lines, ["ann/a 0", "ann/a 1", "ann/a 2"]);
    },
  );
}

testWith(
  [],
  "A hook that throws costs its client an answer, and nobody else anything",
  async () => {
    const lines: string[] = [];
    const log = new Log({ sink: (line) => lines.push(line) });
    await using hub = gateway({ log });
    const remove = hub.use({
      authenticate({ username }) {
        if (username === undefined) throw new Error("no database");
        return { user: username };
      },
    });
    const ports = await listenToAll(hub);
    const url = `http://127.0.0.1:${ports.http}/`;
    const good = await openWebSocket(`ws://127.0.0.1:${ports.http}/topics/a?access_token=x`).catch(
      () => undefined,
    );
    // A token is no user name: this client, too, is one that the hook fails for.
    assert.equal(good, undefined);
    const failed = await fetch(url);
    assert.deepEqual([failed.status, await failed.text()], [
      503,
      "This cannot be decided at the moment\n",
    ]);
    const answered = await fetch(url, { headers: { authorization: basic } });
    assert.equal(answered.status, 200);
    await answered.text();
    assert.ok(lines.length > 0 && lines.every((line) => line.includes("hook failed")));
    remove();
    const open = await fetch(url);
    assert.equal(open.status, 200);
    await open.text();
  },
);

testWith(
  [],
  "The methods of the gateway are asked nothing, and a stop waits for no hook",
  async () => {
    const hub = gateway({
      hooks: { authorize: () => false, authenticate: () => new Promise(() => {}) },
    });
    hub.listen(tcp({ port: 0 }), mqtt());
    hub.listen(udp({ port: 0 }), coap());
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const heard = Promise.withResolvers<string>();
    hub.subscribe("a", (message) => heard.resolve(message.text()));
    assert.equal(hub.publish("a", "1", { retain: true }), "accepted");
    assert.equal(await heard.promise, "1");
    const client = await Raw.dial(port);
    await client.send("GET /topics/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await eventually("the request", () => hub.counters.get("http.requests") === 1);
    await hub.stop({ drainMs: 0 });
    client.close();
  },
);

testWith([], "Handlers are told who asks", async () => {
  await using hub = gateway({ hooks: hooks(false) });
  hub.handle("/me", (_request, { identity }) => new Response(identity.user));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/me`;
  const answer = await fetch(url, { headers: { authorization: basic } });
  assert.equal(await answer.text(), "ann");
  const stranger = await fetch(url);
  assert.equal(stranger.headers.get("www-authenticate")?.slice(0, 5), "Basic");
  await stranger.text();
});
