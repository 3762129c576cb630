import assert from "node:assert/strict";
import type { Upgrade } from "../../../protocols/http/messages/message.ts";
import type { Session } from "../../../protocols/session.ts";
import { answers, request, stage } from "./client.ts";

class Echo implements Session {
  label = "echo";
  deadline = Infinity;
  received = "";
  ends = 0;

  receive(bytes: Uint8Array): number {
    this.received += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  deliver(): void {}
  refuse(): void {}
  tick(): void {}
  shutdown(): void {}

  ended(): void {
    this.ends++;
  }
}

const UPGRADE = { Connection: "Upgrade", Upgrade: "echo" };

function upgradeTo(session: Session): Upgrade {
  return (request, wire) => {
    if (request.fields.get("upgrade") !== "echo") return undefined;
    wire.send(new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    return session;
  };
}

Deno.test("HttpSession hands the stream over with the bytes behind the request", () => {
  for (const step of [Infinity, 1]) {
    const echo = new Echo();
    const on = stage({ upgrade: upgradeTo(echo) });
    on.feed(`${request("GET /")}${request("GET /a", UPGRADE)}GET / HTTP/1.1\n`, step);
    assert.equal(on.current, echo);
    assert.equal(echo.received, "GET / HTTP/1.1\n");
    assert.deepEqual(answers(on.take()).map(({ status }) => status), [200, 101]);
    on.end();
    assert.equal(echo.ends, 1);
    assert.equal(on.session.deadline, Infinity);
  }
});

Deno.test("HttpSession sends the refusal of an upgrade and goes on", () => {
  const fields = [["sec-websocket-version", "13"]] as const;
  const on = stage({ upgrade: () => ({ status: 426, fields, body: "13 only" }) });
  on.feed(request("GET /a", UPGRADE) + request("GET /"));
  const [refused, next] = answers(on.take());
  assert.deepEqual([refused!.status, refused!.body, next!.status], [426, "13 only", 200]);
  assert.equal(refused!.fields["sec-websocket-version"], "13");
});

Deno.test("HttpSession answers as usual when the upgrade is not known or not possible", () => {
  const on = stage({ upgrade: upgradeTo(new Echo()) });
  on.feed(request("GET /", { Connection: "Upgrade", Upgrade: "h2c" }));
  on.feed(request("GET /", UPGRADE, "a body"));
  on.feed(request("GET / HTTP/1.0", UPGRADE));
  assert.deepEqual(answers(on.take()).map(({ status }) => status), [200, 200, 200]);
  assert.equal(on.current, on.session);
});
