import { Publication } from "./publication.ts";

/** The user property that lists the gateways through which a message has come. */
export const VIA = "meerkat-via";
/** The user property of CONNECT by which a bridge says that it is one. */
export const BRIDGE = "meerkat-bridge";

/** How far messages go between gateways, and how many of them are remembered. */
export const defaults = {
  /** 8 gateways: more than any sensible network of bridges has between two clients. */
  maxHops: 8,
  /** 131,072 messages, about 10 MiB: a duplicate comes within seconds, or after an outage. */
  rememberedMessages: 131_072,
  /** 1,024 random words of 32 bits, of which a number takes two: asking for few takes as long. */
  numbersAtOnce: 1_024,
};

/** `ORIGIN/NUMBER GATEWAY GATEWAY …`: the name of the message, then who has passed it on. */
const pattern = /^([\w-]{1,64})\/\d{1,16}(?: [\w-]{1,64}){0,63}$/;

/**
 * Gives messages names and remembers those that have been here, so that a message which goes round
 * in a ring of gateways, or comes by two ways, is published once. A gateway has one of these, which
 * does nothing before there is a bridge.
 */
export class Trail {
  /** This gateway's own name. */
  id = "";
  /** True once there is a bridge, ours or one that came to us. */
  active = false;
  #numbers = new Uint32Array(0);
  #taken = 0;
  /** Names of messages seen: when the young are many, they are the old, and the old are forgotten. */
  #young = new Set<string>();
  #old = new Set<string>();

  /**
   * The message with this gateway added to its trail; or why it must not go on: it has come back or
   * too far (`looped`), or has been here before by another way (`doubled`).
   */
  pass(publication: Publication): Publication | "looped" | "doubled" {
    const via = viaOf(publication);
    if (via === undefined) return marked(publication, `${this.id}/${this.#number()}`);
    const gateways = via.split(" ");
    const name = gateways[0]!;
    const isOwn = name.startsWith(`${this.id}/`) || gateways.includes(this.id);
    if (isOwn || gateways.length >= defaults.maxHops) return "looped";
    if (this.#young.has(name) || this.#old.has(name)) return "doubled";
    return marked(publication, `${via} ${this.id}`);
  }

  /**
   * The number of a new message. One that could be guessed could be taken by a message that
   * somebody makes up, and the one that it belongs to would be stopped as its double.
   */
  #number(): number {
    if (this.#taken === this.#numbers.length) {
      this.#numbers = crypto.getRandomValues(new Uint32Array(defaults.numbersAtOnce));
      this.#taken = 0;
    }
    const high = this.#numbers[this.#taken++]! >>> 11, low = this.#numbers[this.#taken++]!;
    return high * 2 ** 32 + low;
  }

  /** Remembers a message that was taken: what was refused may come again. */
  taken(publication: Publication): void {
    const via = viaOf(publication)!;
    const space = via.indexOf(" ");
    // Our own messages are recognised by our name in front, and need not be remembered.
    if (space < 0) return;
    this.#young.add(via.slice(0, space));
    if (this.#young.size < defaults.rememberedMessages / 2) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}

/** The trail of a message, if it has one that can be read. */
export function viaOf({ properties }: Publication): string | undefined {
  const found = properties?.userProperties?.find(([name]) => name === VIA)?.[1];
  return found !== undefined && pattern.test(found) ? found : undefined;
}

function marked(publication: Publication, via: string): Publication {
  const { topic, payload, properties } = publication;
  const others = properties?.userProperties?.filter(([name]) => name !== VIA) ?? [];
  return new Publication(topic, payload, {
    ...publication,
    properties: { ...properties, userProperties: [...others, [VIA, via]] },
  });
}
