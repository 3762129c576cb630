import type { OpenSession, Session } from "../session.ts";
import { Backlog } from "./frames/backlog.ts";
import { FINAL, headerSize, MAX_CONTROL_BYTES, writeHeader } from "./frames/codec.ts";
import { opcodes } from "./frames/codes.ts";
import type { Link } from "./mode.ts";
import { Tunnel } from "./tunnel.ts";

const FIRST = FINAL | opcodes.binary;

/** Headers of small binary frames by payload length, made once, because most packets are small. */
const smallHeaders = Array.from({ length: MAX_CONTROL_BYTES + 1 }, (_, length) => {
  const header = new Uint8Array(2);
  writeHeader(header, FIRST, length);
  return header;
});
const scratch = new Uint8Array(10);
const mediumHeader = scratch.subarray(0, headerSize(0xffff));

/**
 * A wire for a protocol of streams, such as MQTT, inside binary frames. Where frames begin and end
 * has no meaning for it [MQTT-6.0.0-1].
 */
export class FramedWire extends Tunnel {
  readonly isStream = true;
  protected inner: Session;
  /** The beginning of a packet whose rest has not come yet. */
  readonly #rest = new Backlog();

  constructor(link: Link, open: OpenSession, now: number) {
    super(link);
    this.inner = open(this, link.hub, now);
  }

  data(bytes: Uint8Array, _last: boolean, now: number): number {
    if (this.#rest.size > 0) return this.#resume(bytes, now);
    const used = this.#offer(bytes, now);
    if (used === bytes.length || this.paused) return used;
    this.#rest.append(bytes.subarray(used));
    return bytes.length;
  }

  #resume(bytes: Uint8Array, now: number): number {
    this.#rest.append(bytes);
    this.#rest.drop(this.#offer(this.#rest.view, now));
    if (!this.paused) return bytes.length;
    // Unused bytes stay with the connection, which offers them again when the pause is over.
    const unused = Math.min(this.#rest.size, bytes.length);
    this.#rest.truncate(unused);
    return bytes.length - unused;
  }

  #offer(bytes: Uint8Array, now: number): number {
    const before = this.inner, used = this.guarded(now, () => before.receive(bytes, now));
    if (this.inner === before || used === bytes.length) return used;
    return used + this.#offer(bytes.subarray(used), now);
  }

  send(bytes: Uint8Array): boolean {
    const { length } = bytes, { link } = this;
    // After a Close frame nothing is sent, just as on a wire that is being closed.
    if (length === 0 || !link.open) return true;
    if (link.wire.send(headerOf(length)) && link.wire.send(bytes)) return true;
    // The header may have been sent without its payload, so not even a Close frame can follow.
    link.lose();
    return false;
  }

  override ended(now: number): void {
    this.#rest.clear();
    super.ended(now);
  }
}

function headerOf(length: number): Uint8Array {
  if (length <= MAX_CONTROL_BYTES) return smallHeaders[length]!;
  writeHeader(scratch, FIRST, length);
  return length <= 0xffff ? mediumHeader : scratch;
}
