import { CoapClientSession } from "../../../../protocols/coap/client/session.ts";
import { Subscription } from "../../../../protocols/coap/client/subscription.ts";
import { type CoapLimits, defaults } from "../../../../protocols/coap/limits.ts";
import { decode, encode, type Message } from "../../../../protocols/coap/messages/codec.ts";
import type { DatagramWire } from "../../../../protocols/wire.ts";
import { brief, seeded } from "../fake_datagrams.ts";
import { Heard, SERVER, wish } from "./client_network.ts";

/** A client whose server is played by the test, message by message; time is the field `now`. */
export class AskingClient implements DatagramWire {
  readonly maxBytes = 1232;
  readonly session: CoapClientSession;
  readonly sent: Message[] = [];
  now = 1_000_000;

  constructor(limits: Partial<CoapLimits> = {}, random: () => number = seeded(7)) {
    let tokens = 0;
    this.session = new CoapClientSession(this, SERVER, {
      limits: { ...defaults, ...limits },
      random,
      newToken: () => Uint8Array.of(9, ++tokens >> 8, tokens),
    });
  }

  send(datagram: Uint8Array): boolean {
    this.sent.push(decode(datagram.slice(), 64));
    return true;
  }

  /** Moves the clock, ticking whenever a deadline has come. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.session.deadline <= until) {
      this.now = Math.max(this.now, this.session.deadline);
      this.session.tick(this.now);
    }
    this.now = until;
  }

  /** The only message sent since the last call. */
  takeOne(): Message {
    const sent = this.sent.splice(0);
    if (sent.length !== 1) throw new Error(`${sent.length} messages were sent, not one`);
    return sent[0]!;
  }

  /** A datagram from the server, or from somebody else; it is overwritten afterwards. */
  hear(message: Message | Uint8Array, from = SERVER): void {
    const bytes = message instanceof Uint8Array ? message.slice() : encode(message);
    this.session.receive(bytes, from, this.now);
    bytes.fill(0xdb);
  }

  ask(...asked: Parameters<typeof wish>): Heard {
    const heard = new Heard();
    this.session.questions.ask(wish(...asked), heard, this.now);
    return heard;
  }

  follow(...asked: Parameters<typeof wish>): { heard: Heard; subscription: Subscription } {
    const { questions } = this.session, heard = new Heard();
    const subscription = new Subscription(questions, wish(...asked), heard, true);
    subscription.begin(this.now);
    return { heard, subscription };
  }
}

/** The only end of a question in short: its answer, or why there is none. */
export function endOf({ answers, errors }: Heard): string {
  const ends = [...answers.map(brief), ...errors];
  if (ends.length !== 1) throw new Error(`It ended ${ends.length} times`);
  return ends[0]!;
}

/** What a follower was told. */
export function textsOf({ answers }: Heard): string[] {
  return answers.map(({ payload }) => new TextDecoder().decode(payload));
}
