import type { Asker, Wish } from "../../../../protocols/coap/client/questions.ts";
import { CoapClientSession } from "../../../../protocols/coap/client/session.ts";
import { type Follower, Subscription } from "../../../../protocols/coap/client/subscription.ts";
import { type CoapLimits, defaults } from "../../../../protocols/coap/limits.ts";
import type { Message } from "../../../../protocols/coap/messages/codec.ts";
import { bytes } from "../../fakes.ts";
import { Network } from "../exchange/network.ts";
import { FakeDatagrams, request, seeded } from "../fake_datagrams.ts";

export const SERVER = "192.0.2.100:5683";

/** What a client asks for a URI such as `/topics/a?qos=1`. */
export function wish(
  code: number,
  uri: string,
  parts: Partial<Omit<Wish, "payload">> & { payload?: string | Uint8Array } = {},
): Wish {
  const { payload = "", options = [], ...rest } = parts;
  return {
    code,
    isConfirmable: true,
    maxBytes: 1 << 20,
    timeoutMs: 2_000_000,
    ...rest,
    options: request(code, uri, { options: [...options] }).options,
    payload: typeof payload === "string" ? bytes(payload) : payload,
  };
}

/** Whoever asks, and what has been heard of it. */
export class Heard implements Asker, Follower {
  readonly answers: Message[] = [];
  errors: string[] = [];
  isFinished = false;

  get text(): string | undefined {
    const last = this.answers.at(-1);
    return last && new TextDecoder().decode(last.payload);
  }

  answered(answer: Message): void {
    this.answers.push(answer);
  }

  failed({ message }: Error): void {
    this.errors.push(message);
  }

  finished(): void {
    this.isFinished = true;
  }
}

/** A server, and clients that reach it over a network that is bad, or good when `seed` is undefined. */
export class ClientNetwork {
  readonly stage: FakeDatagrams;
  readonly network: Network;
  readonly clients: CoapClientSession[];
  /** Datagrams that the clients have sent. */
  sent = 0;

  constructor(seed: number | undefined, count = 1, limits: Partial<CoapLimits> = {}) {
    const random = seeded(seed ?? 1),
      all: CoapLimits = { ...defaults, ...limits };
    this.network = new Network(random);
    this.stage = new FakeDatagrams({ maxRetransmit: 8 }, undefined, random);
    const carry = (arrive: () => void) =>
      seed === undefined ? this.network.after(1, arrive) : this.network.carry(arrive);
    let tokens = 0;
    const newToken = () => Uint8Array.of(9, ++tokens >> 8, tokens);
    this.clients = Array.from({ length: count }, (_, index) => {
      const address = addressOf(index);
      const send = (datagram: Uint8Array) => {
        const own = datagram.slice();
        this.sent++;
        carry(() => this.stage.feed(own, address));
        return true;
      };
      return new CoapClientSession({ send, maxBytes: 1232 }, SERVER, {
        limits: all,
        random,
        newToken,
      });
    });
    const byAddress = new Map(this.clients.map((client, index) => [addressOf(index), client]));
    this.stage.onSend = (datagram, to) => {
      const own = datagram.slice();
      carry(() => byAddress.get(to)?.receive(own, SERVER, this.network.now));
    };
  }

  run(ms: number): void {
    this.network.run(this.stage, this.network.now + ms, this.clients);
  }

  /** Asks, and does not wait. */
  ask(asked: Wish, client = this.clients[0]!): Heard {
    const heard = new Heard();
    client.questions.ask(asked, heard, this.network.now);
    return heard;
  }

  /** Follows, and does not wait. */
  follow(asked: Wish, client = this.clients[0]!): { heard: Heard; subscription: Subscription } {
    const heard = new Heard(),
      subscription = new Subscription(client.questions, asked, heard, true);
    subscription.begin(this.network.now);
    return { heard, subscription };
  }
}

function addressOf(index: number): string {
  return `192.0.2.${index + 1}:5000`;
}
