import assert from "node:assert/strict";
import { Gateway } from "../../../actors/gateway/gateway.ts";
import type { Handler } from "../../../actors/handlers/handler.ts";
import { Log } from "../../../actors/log.ts";
import { Resources } from "../../../protocols/coap/paths/resources.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { http } from "../../../protocols/http/session.ts";
import { MemoryTransport } from "../../../transports/memory.ts";
import type { ByteStream } from "../../../transports/transport.ts";
import { bytes, join } from "../fakes.ts";
import { type Answered, answers } from "./client.ts";

/** A gateway in memory with one handler, a client of it, and what it logged. */
export class Place implements AsyncDisposable {
  readonly log: string[] = [];
  readonly transport = new MemoryTransport({ peers: ["gateway", "192.0.2.7:5000"] });
  readonly gateway = new Gateway({ handlers: Handlers, resources: Resources }, {
    log: new Log({ sink: (line) => this.log.push(line) }),
  });
  client!: ByteStream;

  async open(handler: Handler): Promise<this> {
    await this.gateway.listen(this.transport, http()).ready;
    this.gateway.handle("/x/*", handler);
    this.client = this.transport.connect();
    return this;
  }

  async send(text: string | Uint8Array, client = this.client): Promise<void> {
    const all = typeof text === "string" ? bytes(text) : text;
    for (let at = 0; at < all.length;) at += await client.write(all.subarray(at));
  }

  /** Reads until `enough` says so, or the end. */
  async read(enough: (read: Uint8Array) => boolean, client = this.client): Promise<Uint8Array> {
    const into = new Uint8Array(1 << 16);
    let all = new Uint8Array(0);
    for (;;) {
      const count = await client.read(into);
      if (count === null) return all;
      all = join([all, into.subarray(0, count)]);
      if (enough(all)) return all;
    }
  }

  async ask(text: string, client = this.client): Promise<Answered> {
    await this.send(text, client);
    let found: Answered[] = [];
    await this.read((read) => {
      try {
        found = answers(read, text.startsWith("HEAD"));
        return found[0]!.fields["transfer-encoding"] === undefined ||
          new TextDecoder().decode(read).endsWith("0\r\n\r\n");
      } catch {
        return false;
      }
    }, client);
    assert.equal(found.length, 1);
    return found[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.gateway.stop({ drainMs: 100 });
  }
}

/** A place whose handler answers `/x/*`. */
export function place(handler: Handler): Promise<Place> {
  return new Place().open(handler);
}

/** Runs macrotasks until `done`. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 0));
}
