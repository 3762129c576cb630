import type { DnsNetwork } from "../../../actors/dns/exchange.ts";
import { decodeMessage, type DnsMessage, encodeMessage } from "../../../protocols/dns/message.ts";
import type { DnsRecord } from "../../../protocols/dns/record.ts";
import { memoryPair } from "../../../transports/memory.ts";
import type { ByteStream } from "../../../transports/transport.ts";

/** One datagram that a server answers, and where it says that it comes from. */
export interface Sent {
  message: DnsMessage;
  from?: string;
}

/** What a fake server does with a query: answers with these, in their order. */
export type Serve = (query: DnsMessage, server: string) => Sent[];

/** Servers in memory. */
export class FakeNetwork implements DnsNetwork {
  /** All queries by UDP. */
  readonly asked: { server: string; query: DnsMessage }[] = [];
  /** Sockets that are open. */
  open = 0;
  /** What is answered by TCP. */
  byTcp: ((query: DnsMessage) => DnsMessage) | undefined;

  constructor(readonly serve: Serve) {}

  datagrams() {
    const bind = () => {
      const queue: { bytes: Uint8Array; from: string }[] = [];
      let wake: (() => void) | undefined, closed = false;
      this.open++;
      return {
        address: { host: "127.0.0.1", port: 40_000 },
        send: (bytes: Uint8Array, server: string) => {
          const query = decodeMessage(bytes);
          this.asked.push({ server, query });
          for (const { message, from = server } of this.serve(query, server)) {
            queue.push({ bytes: encodeMessage(message), from });
          }
          wake?.();
          return Promise.resolve();
        },
        receive: async () => {
          while (queue.length === 0 && !closed) await new Promise<void>((found) => wake = found);
          return queue.shift();
        },
        close: () => {
          if (!closed) this.open--;
          closed = true;
          wake?.();
        },
      };
    };
    return { name: "fake", bind };
  }

  async connect(): Promise<ByteStream> {
    const [near, far] = memoryPair();
    const bytes = new Uint8Array(1_000);
    far.read(bytes).then(async (count) => {
      const reply = encodeMessage(this.byTcp!(decodeMessage(bytes.subarray(2, count!))));
      await far.write(Uint8Array.of(reply.length >> 8, reply.length));
      await far.write(reply);
    });
    return await Promise.resolve(near);
  }
}

/** A reply to a query. */
export function replyTo(
  query: DnsMessage,
  answers: DnsRecord[] = [],
  more: Partial<DnsMessage> = {},
): DnsMessage {
  const { id, questions } = query;
  return { id, response: true, questions, answers, authorities: [], additionals: [], ...more };
}
