/**
 * MQTT's delivery promise: 0 at most once, 1 at least once, 2 exactly once (MQTT 5.0 §4.3).
 *
 * @example The lower of two promises holds
 * ```ts
 * import type { Qos } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function lower(one: Qos, other: Qos): Qos {
 *   return one < other ? one : other;
 * }
 *
 * assert.equal(lower(2, 1), 1);
 * ```
 */
export type Qos = 0 | 1 | 2;

/**
 * What MQTT 5 lets a message carry beside its payload (MQTT 5.0 §3.3.2.3).
 *
 * @example State that is worth nothing after an hour
 * ```ts
 * import { gateway, type MessageProperties } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const properties: MessageProperties = {
 *   expirySeconds: 3_600,
 *   userProperties: [["source", "weather station"]],
 * };
 * await using hub = gateway();
 * hub.publish("wind", "3 m/s", { retain: true, properties });
 * assert.equal(hub.retained("wind")?.properties?.expirySeconds, 3_600);
 * ```
 */
export interface MessageProperties {
  /** 1 when the publisher says that the payload is UTF-8. */
  payloadFormat?: 0 | 1;
  /** Seconds after which the message is worthless, counted from `Publication.time`. */
  expirySeconds?: number;
  /** Where a reply is expected. */
  responseTopic?: string;
  /** What a reply must repeat. */
  correlationData?: Uint8Array;
  /** Name and value, in the order in which they were sent. */
  userProperties?: readonly (readonly [name: string, value: string])[];
}

/**
 * Everything about a message but its topic and payload.
 *
 * @example State, in JSON, at least once
 * ```ts
 * import { gateway, type PublicationOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: PublicationOptions = { qos: 1, retain: true, contentType: "application/json" };
 * await using hub = gateway();
 * hub.publish("attic", '{"celsius":21.5}', options);
 * assert.deepEqual(hub.retained("attic")?.json(), { celsius: 21.5 });
 * ```
 */
export interface PublicationOptions {
  /** The promise made to the publisher, and the highest that a subscriber gets; default 0. */
  qos?: Qos;
  /** True when the message sets the state of its topic; default false. */
  retain?: boolean;
  /**
   * When it was published, in milliseconds since 1970; default 0 (not known), and for
   * `Gateway.publish` the present.
   */
  time?: number;
  /** The media type of the payload, such as `text/plain`. */
  contentType?: string;
  /** MQTT 5 properties, passed on in every protocol that can carry them. */
  properties?: MessageProperties;
  /** The receiver that published it: it may have asked not to hear itself (MQTT 5 No Local). */
  origin?: unknown;
}

/**
 * Encodes a publication for one protocol. The bytes are made once and shared by all receivers, so
 * an encoder must be one and the same function for all of them.
 *
 * @example One line of text
 * ```ts
 * import { type Encoder, Publication } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const line: Encoder = ({ topic, payload }) =>
 *   new TextEncoder().encode(`${topic}: ${payload.length} bytes\n`);
 *
 * const publication = new Publication("a/b", Uint8Array.of(1, 2));
 * assert.equal(publication.encode(line), publication.encode(line));
 * ```
 */
export type Encoder = (publication: Publication) => Uint8Array;

const utf8 = new TextDecoder();

/**
 * One message on its way from one publisher to every subscriber.
 *
 * Its payload must never change: whoever makes a publication gives the bytes away.
 *
 * @example As a handler sees it
 * ```ts
 * import { Publication } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const payload = new TextEncoder().encode("[1,2]");
 * const message = new Publication("attic/samples", payload, { contentType: "application/json" });
 * assert.equal(message.text(), "[1,2]");
 * assert.deepEqual(message.json(), [1, 2]);
 * assert.equal(message.qos, 0);
 * ```
 */
export class Publication {
  /** The promise made to the publisher. */
  readonly qos: Qos;
  /** True when the message sets the state of its topic. */
  readonly retain: boolean;
  /** When it was published, in milliseconds since 1970; 0 when nobody knows. */
  readonly time: number;
  /** The media type of the payload, where the publisher named one. */
  readonly contentType: string | undefined;
  /** MQTT 5 properties. */
  readonly properties: MessageProperties | undefined;
  /** The receiver that published it, if it is one. */
  readonly origin: unknown;

  // Mostly there is one encoder, and a Map for each message would cost more than the encoding.
  #encoder: Encoder | undefined;
  #encoded: Uint8Array | undefined;
  #others: Map<Encoder, Uint8Array> | undefined;

  /** A message for `topic`. Nothing is checked here: `Gateway.publish` does that. */
  constructor(
    /** A topic name (MQTT 5.0 §4.7). */
    readonly topic: string,
    /** The content: bytes that go from any client to any other as they are. */
    readonly payload: Uint8Array,
    options: PublicationOptions = {},
  ) {
    this.qos = options.qos ?? 0;
    this.retain = options.retain ?? false;
    this.time = options.time ?? 0;
    this.contentType = options.contentType;
    this.properties = options.properties;
    this.origin = options.origin;
  }

  /** The bytes that `encoder` makes of this publication, made at most once. */
  encode(encoder: Encoder): Uint8Array {
    if (this.#encoder === encoder) return this.#encoded!;
    if (this.#encoder === undefined) return this.seed(encoder, encoder(this));
    let bytes = this.#others?.get(encoder);
    if (bytes === undefined) {
      bytes = encoder(this);
      (this.#others ??= new Map()).set(encoder, bytes);
    }
    return bytes;
  }

  /**
   * Declares `bytes` to be what `encoder` would make, which is often the publisher's own packet.
   */
  seed(encoder: Encoder, bytes: Uint8Array): Uint8Array {
    this.#encoder = encoder;
    this.#encoded = bytes;
    return bytes;
  }

  /** The payload read as UTF-8; what is not UTF-8 reads as U+FFFD. */
  text(): string {
    return utf8.decode(this.payload);
  }

  /**
   * The payload read as JSON (RFC 8259).
   *
   * @throws {SyntaxError} When it is not JSON.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** Bytes that a user property takes in memory beside its characters: an array and two strings. */
const PAIR_BYTES = 64;

/** Bytes that a message takes in memory beside its topic and payload: 0 for most. */
export function attachedBytes(
  { contentType, properties }: {
    contentType?: string | undefined;
    properties?:
      | Pick<MessageProperties, "responseTopic" | "correlationData" | "userProperties">
      | undefined;
  },
): number {
  let bytes = contentType?.length ?? 0;
  if (properties === undefined) return bytes;
  const { responseTopic, correlationData, userProperties } = properties;
  bytes += (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties ?? []) {
    bytes += name.length + value.length + PAIR_BYTES;
  }
  return bytes;
}

/**
 * A publication as one subscriber gets it.
 *
 * @example A stored value, for somebody who has just subscribed
 * ```ts
 * import { Delivery, Publication } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const publication = new Publication("door", Uint8Array.of(1), { qos: 2, retain: true });
 * const delivery = new Delivery(publication, 1, true, undefined);
 * assert.equal(delivery.qos, 1);
 * ```
 */
export class Delivery {
  /** Made by the router, once for all receivers whose subscriptions ask for the same. */
  constructor(
    /** What was published. */
    readonly publication: Publication,
    /** The lower of the publisher's and the subscription's. */
    readonly qos: Qos,
    /** True for a stored value sent because of a new subscription (MQTT-3.3.1-8). */
    readonly retain: boolean,
    /** MQTT 5 subscription identifiers of every subscription that matched (MQTT 5.0 §3.3.4). */
    readonly ids: readonly number[] | undefined,
  ) {}

  /** The same delivery with another copy of its publication. */
  of(publication: Publication): Delivery {
    return new Delivery(publication, this.qos, this.retain, this.ids);
  }
}
