import { ACK, CON, request, TOKEN_BYTES } from "./coap_message.ts";
import type { Samples } from "./samples.ts";

/** What all sockets count together. */
export interface CoapTally {
  ok: number;
  errors: number;
  lost: number;
  stray: number;
  latencies: Samples;
}

/** What each socket asks for. */
export interface CoapPlan {
  readonly to: Deno.NetAddr;
  readonly tail: Uint8Array;
  readonly type: number;
  readonly code: number;
  /** Requests outstanding on one socket. */
  readonly slots: number;
  readonly timeoutMs: number;
  /** Message ids used before a socket gives way to one with another port. */
  readonly rotate: number;
  readonly observe: boolean;
  readonly echo: boolean;
}

interface Slot {
  /** When its request left; 0 while it has none. */
  sentAt: number;
  generation: number;
  /** It observes and has had its first answer. */
  answered: boolean;
}

/** One UDP socket that keeps its slots busy. */
export class CoapSocket {
  #plan: CoapPlan;
  #tally: CoapTally;
  #socket!: Deno.DatagramConn;
  #slots: Slot[];
  #id = 0;
  #used = 0;
  #busy = 0;

  constructor(plan: CoapPlan, tally: CoapTally) {
    this.#plan = plan;
    this.#tally = tally;
    this.#slots = Array.from(
      { length: plan.slots },
      () => ({ sentAt: 0, generation: 0, answered: false }),
    );
    this.#open();
  }

  /** Gives up on what is overdue and asks again. */
  tick(now: number): void {
    for (const slot of this.#slots) {
      if (slot.sentAt === 0 || slot.answered || now - slot.sentAt < this.#plan.timeoutMs) continue;
      slot.sentAt = 0;
      this.#busy--;
      this.#tally.lost++;
    }
    this.#fill();
  }

  #open(): void {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    this.#id = Math.floor(Math.random() * 65536);
    this.#used = 0;
    this.#receive(this.#socket);
  }

  #fill(): void {
    // A message id must not come back within 247 s (RFC 7252 §4.4): the port changes instead.
    if (this.#used + this.#plan.slots > this.#plan.rotate && !this.#plan.observe) {
      if (this.#busy > 0) return;
      this.#socket.close();
      this.#open();
    }
    for (let i = 0; i < this.#slots.length; i++) if (this.#slots[i]!.sentAt === 0) this.#ask(i);
  }

  #ask(index: number): void {
    const slot = this.#slots[index]!;
    const { type, code, tail } = this.#plan;
    slot.generation = slot.generation + 1 & 0xffff;
    this.#id = this.#id + 1 & 0xffff;
    slot.sentAt = performance.now();
    this.#used++;
    this.#busy++;
    this.#send(
      request({ type, code, id: this.#id, slot: index, generation: slot.generation }, tail),
    );
  }

  #send(bytes: Uint8Array): void {
    // A datagram that cannot leave is one that is lost: the slot's time runs out.
    this.#socket.send(bytes, this.#plan.to).catch(() => {});
  }

  async #receive(socket: Deno.DatagramConn): Promise<void> {
    const buffer = new Uint8Array(65535);
    for (;;) {
      try {
        const [bytes] = await socket.receive(buffer);
        this.#take(bytes);
      } catch {
        if (socket !== this.#socket) return;
      }
      this.#fill();
    }
  }

  #take(bytes: Uint8Array): void {
    const { echo, observe } = this.#plan;
    const type = bytes[0]! >> 4 & 3;
    if (type === CON && !echo) this.#send(Uint8Array.of(0x40 | ACK << 4, 0, bytes[2]!, bytes[3]!));
    const code = bytes[1]!;
    // An empty ACK announces a separate answer; a reset lets the slot's time run out.
    if (code === 0) return;
    const slot = this.#slots[bytes[4]! << 8 | bytes[5]!];
    const generation = bytes[6]! << 8 | bytes[7]!;
    if ((bytes[0]! & 15) !== TOKEN_BYTES || !slot?.sentAt || slot.generation !== generation) {
      this.#tally.stray++;
      return;
    }
    if (code >> 5 === 2 || echo) this.#tally.ok++;
    else this.#tally.errors++;
    if (slot.answered) return;
    this.#tally.latencies.add((performance.now() - slot.sentAt) * 1000);
    if (observe) {
      slot.answered = true;
      return;
    }
    slot.sentAt = 0;
    this.#busy--;
  }
}
