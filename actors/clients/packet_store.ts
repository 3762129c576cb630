import { Readable } from "node:stream";
import type { Packet, Store } from "./npm_mqtt.d.ts";

type Done = (error?: Error, packet?: Packet) => void;
type Numbered = { messageId?: number };

/** Packets that are not settled yet, by their identifiers, in the order in which they came. */
export class PacketStore implements Store {
  readonly #packets = new Map<number, Packet>();

  put(packet: Packet, done: Done): this {
    // A PUBLISH that leaves the store is one that was sent before (MQTT 5.0 §3.3.1.1).
    const again = packet.cmd === "publish" ? { ...packet, dup: true } : packet;
    this.#packets.set(packet.messageId!, again);
    done();
    return this;
  }

  has(id: number): boolean {
    return this.#packets.has(id);
  }

  clear(): void {
    this.#packets.clear();
  }

  createStream(): Readable {
    return Readable.from([...this.#packets.values()]);
  }

  del(packet: Numbered, done: Done): this {
    const found = this.#packets.get(packet.messageId!);
    this.#packets.delete(packet.messageId!);
    return this.#answer(packet, found, done);
  }

  get(packet: Numbered, done: Done): this {
    return this.#answer(packet, this.#packets.get(packet.messageId!), done);
  }

  close(done: (error?: Error) => void): void {
    done();
  }

  #answer({ messageId }: Numbered, found: Packet | undefined, done: Done): this {
    if (found === undefined) done(new Error(`Cannot find packet ${messageId}: it is settled`));
    else done(undefined, found);
    return this;
  }
}
