import { ProtocolError } from "../session.ts";
import {
  decodeMessage,
  type DnsMessage,
  encodeMessage,
  HEADER_BYTES,
  MAX_MESSAGE_BYTES,
} from "./message.ts";
import { type Rcode, rcodes } from "./record.ts";
import { ReplyCache } from "./reply_cache.ts";
import { answerOf, type DnsAnswer, type DnsTable } from "./table.ts";
import type { Zones } from "./zone.ts";

/** Bytes of a datagram that every client takes (RFC 1035 §4.2.1). */
const PLAIN_UDP_BYTES = 512;
/** DO: the client understands DNSSEC. The reply has to repeat it (RFC 3225 §3). */
const DNSSEC_OK = 0x8000;
/** The class of the Internet, and the one that means any class. */
const INTERNET = 1, ANY_CLASS = 255;
/** Types that ask for the transfer of a whole zone, which is refused. */
const transfers = ["AXFR", "IXFR"];

/** What a responder answers from, and how. */
interface ResponderOptions {
  zones: Zones;
  table: DnsTable;
  /** Bytes of the largest datagram to send; undefined for a stream. */
  udpBytes?: number;
}

interface Asked {
  from: string;
  reply: (bytes: Uint8Array) => void;
}

/** Answers queries, whatever carries them. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #cache: ReplyCache | undefined;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#cache = options.udpBytes === undefined ? undefined : new ReplyCache();
  }

  /** The reply to a query that was answered before, valid until the next call. */
  known(query: Uint8Array): Uint8Array | undefined {
    return this.#cache?.find(query);
  }

  /** Calls `reply` once for a query, now or later; false when there is nothing to reply to. */
  respond(query: Uint8Array, from: string, reply: (bytes: Uint8Array) => void): boolean {
    // A server that replies to replies could be set against another one, and neither would stop.
    if (query.length < HEADER_BYTES || (query[2]! & 0x80) !== 0) return false;
    this.#read(query, { from, reply });
    return true;
  }

  #read(query: Uint8Array, asked: Asked): void {
    const { reply } = asked;
    if ((query[2]! >> 3 & 0xf) !== 0) return reply(bare(query, "NOTIMP"));
    // RFC 9619 §3, before thousands of them are read.
    if ((query[4]! << 8 | query[5]!) !== 1) return reply(bare(query, "FORMERR"));
    let message: DnsMessage;
    try {
      message = decodeMessage(query);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return reply(bare(query, "FORMERR"));
    }
    this.#answer(query, message, asked);
  }

  #answer(query: Uint8Array, message: DnsMessage, { from, reply }: Asked): void {
    const question = message.questions[0]!;
    const { type, class: family = INTERNET } = question;
    const send = (answer: DnsAnswer) => reply(this.#encode(message, answer));
    const refuse = (rcode: Rcode) => send({ ...answerOf(rcode, question)!, authoritative: false });
    if (message.edns && message.edns.version > 0) return refuse("BADVERS");
    if (family !== INTERNET && family !== ANY_CLASS || transfers.includes(type)) {
      return refuse("REFUSED");
    }
    const found = this.#options.zones.answer(question);
    if (found !== undefined) {
      const bytes = this.#encode(message, found);
      // Queries with options, such as cookies, differ each time.
      if ((message.edns?.options.length ?? 0) === 0) this.#cache?.keep(query, bytes);
      return reply(bytes);
    }
    const { recursionDesired = false } = message;
    this.#options.table.ask({ question, from, recursionDesired }, (answer) => {
      if (answer.rcode === "REFUSED") refuse("REFUSED");
      else send(answer);
    });
  }

  #encode(query: DnsMessage, answer: DnsAnswer): Uint8Array {
    const { udpBytes } = this.#options;
    const theirs = Math.max(PLAIN_UDP_BYTES, query.edns?.udpBytes ?? PLAIN_UDP_BYTES);
    const maxBytes = udpBytes === undefined ? MAX_MESSAGE_BYTES : Math.min(udpBytes, theirs);
    const { rcode, ...sections } = answer;
    const reply: DnsMessage = {
      ...sections,
      id: query.id,
      response: true,
      recursionDesired: query.recursionDesired,
      checkingDisabled: query.checkingDisabled,
      rcode: rcodes[rcode],
      questions: query.questions,
      ...query.edns && {
        edns: {
          udpBytes: udpBytes ?? MAX_MESSAGE_BYTES,
          version: 0,
          flags: query.edns.flags & DNSSEC_OK,
          options: new Uint8Array(),
        },
      },
    };
    return encodeMessage(reply, maxBytes);
  }
}

/** A reply of nothing but a header, to a query that cannot be read any further. */
function bare(query: Uint8Array, rcode: Rcode): Uint8Array {
  const reply = new Uint8Array(HEADER_BYTES);
  reply.set(query.subarray(0, 4));
  reply[2] = query[2]! & 0x79 | 0x80;
  reply[3] = query[3]! & 0x10 | rcodes[rcode];
  return reply;
}
