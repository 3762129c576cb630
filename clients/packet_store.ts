import { Readable } from "node:stream";
import type { IStore, Packet } from "mqtt";

type Done = (error?: Error, packet?: Packet) => void;
type Stored = Packet & { messageId?: number };

/** Packets that are not settled, by their identifiers and in their order. */
export class PacketStore implements IStore {
  readonly #packets = new Map<number, Packet>();

  put(packet: Stored, done: Done): this {
    // A PUBLISH that leaves the store is one that was sent before (MQTT 5.0 §3.3.1.1).
    const again = packet.cmd === "publish" ? { ...packet, dup: true } : packet;
    this.#packets.set(packet.messageId!, again as Packet);
    done();
    return this;
  }

  createStream(): ReturnType<IStore["createStream"]> {
    // npm:mqtt names the class of a package that does the same as Node's own.
    return Readable.from([...this.#packets.values()]) as never;
  }

  del(packet: Pick<Stored, "messageId">, done: Done): this {
    const found = this.#packets.get(packet.messageId!);
    this.#packets.delete(packet.messageId!);
    if (found === undefined) done(new Error("Cannot find the packet"));
    else done(undefined, found);
    return this;
  }

  get(packet: Pick<Stored, "messageId">, done: Done): this {
    const found = this.#packets.get(packet.messageId!);
    if (found === undefined) done(new Error("Cannot find the packet"));
    else done(undefined, found);
    return this;
  }

  close(done: (error?: Error) => void): void {
    done();
  }
}
