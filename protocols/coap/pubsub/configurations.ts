import { encodeCbor } from "../../cbor_writer.ts";
import { Publication } from "../../publication.ts";
import type { Hub, Outcome, Timed } from "../../session.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code, NONE } from "../messages/codec.ts";
import { Format, mediaTypeOf } from "../messages/content_format.ts";
import { Audiences } from "../observe/audience.ts";
import { isTaken } from "../topics/outcome.ts";
import { expiryOf, Label, type Properties, readProperties } from "./topic_properties.ts";

/**
 * The configuration of topic `a/b` is the value of topic `$pubsub/a/b`, so that it is stored and
 * bounded as all values are. Filters that begin with a wildcard do not select it.
 */
export const PREFIX = "$pubsub/";

/** 10 s after which the end of a topic is tried again, when the store did not take it. */
const RETRY_MS = 10_000;

/** 1,000 ends of topics that may be kept although their topics are gone. */
const SLACK = 1000;

const none: Properties = new Map();

/** The configurations of topics. A gateway has one of these for all sessions. */
export class Configurations implements Timed {
  readonly audiences = new Audiences();
  /** The time at which each topic ends. */
  readonly #ends = new Map<string, number>();
  /** Beyond this size, ends of topics that are gone are sorted out. */
  #maxEnds = SLACK;
  readonly #read = new WeakMap<Publication, Properties>();
  /** When `tick` is due: 0 when all stored configurations have to be looked at. */
  deadline = 0;

  /** The stored value that is the configuration of a topic, if it has one. */
  stored(hub: Hub, topic: string, now: number): Publication | undefined {
    const value = hub.retained(PREFIX + topic);
    return value !== undefined && isValid(this.#propertiesOf(value), now) ? value : undefined;
  }

  /** The configuration of a topic, if it has one. */
  find(hub: Hub, topic: string, now: number): Properties | undefined {
    const value = this.stored(hub, topic, now);
    return value && this.#propertiesOf(value);
  }

  /** The topics with a configuration that a filter selects. */
  *matching(
    hub: Hub,
    filter: string,
    now: number,
  ): IterableIterator<[topic: string, properties: Properties] | undefined> {
    for (const value of hub.retainedMatching(PREFIX + filter)) {
      const properties = value && this.#propertiesOf(value);
      yield properties && isValid(properties, now) ? [topicOf(value!), properties] : undefined;
    }
  }

  /** Stores a configuration, and applies it to the topic's observers. */
  set(
    topic: string,
    properties: Properties,
    { hub, owner, now }: { hub: Hub; owner: string; now: number },
  ): Outcome {
    const value = new Publication(PREFIX + topic, encodeCbor(properties), {
      retain: true,
      time: now,
      contentType: mediaTypeOf(Format.pubsub),
    });
    const outcome = hub.publish(value, owner);
    if (!isTaken(outcome)) return outcome;
    const most = properties.get(Label.maxSubscribers) as number | undefined;
    const { audiences } = this, full = refusal(Code.notFound, "Too many observe this topic");
    if (most !== undefined) audiences.limit(topic, most, full);
    const checkMs = observerCheckMs(properties);
    for (const listener of audiences.of(topic)) listener.probeEvery(checkMs);
    this.#note(topic, properties);
    return outcome;
  }

  /** Removes a topic: its configuration, its data and its observers. */
  remove(hub: Hub, topic: string, now: number): Outcome {
    this.#ends.delete(topic);
    const options = { retain: true, time: now };
    const outcome = hub.publish(new Publication(PREFIX + topic, NONE, options));
    if (!isTaken(outcome)) return outcome;
    for (const listener of this.audiences.of(topic)) listener.dismiss(gone);
    return hub.retained(topic) === undefined
      ? outcome
      : hub.publish(new Publication(topic, NONE, options));
  }

  tick(now: number, hub: Hub): void {
    if (this.deadline === 0) this.#lookAtAll(hub);
    this.deadline = Infinity;
    for (const [topic, end] of [...this.#ends]) {
      if (end <= now) this.#end(hub, topic, now);
      else this.deadline = Math.min(this.deadline, end);
    }
  }

  #lookAtAll(hub: Hub): void {
    this.#ends.clear();
    this.#maxEnds = Infinity;
    for (const value of hub.retainedMatching(`${PREFIX}#`)) {
      if (value !== undefined) this.#note(topicOf(value), this.#propertiesOf(value));
    }
    this.#maxEnds = 2 * this.#ends.size + SLACK;
  }

  /** Removes a topic whose end has come, unless that was moved. */
  #end(hub: Hub, topic: string, now: number): void {
    this.#ends.delete(topic);
    const value = hub.retained(PREFIX + topic);
    if (value === undefined || expiryOf(this.#propertiesOf(value)) > now) return;
    if (isTaken(this.remove(hub, topic, now))) return;
    this.#ends.set(topic, now + RETRY_MS);
    this.deadline = Math.min(this.deadline, now + RETRY_MS);
  }

  /** The properties in a stored value; `none` when it is no configuration. */
  #propertiesOf(value: Publication): Properties {
    let properties = this.#read.get(value);
    if (properties === undefined) {
      properties = read(value);
      this.#read.set(value, properties);
      this.#note(topicOf(value), properties);
    }
    return properties;
  }

  #note(topic: string, properties: Properties): void {
    const end = expiryOf(properties);
    if (end === Infinity) this.#ends.delete(topic);
    else this.#ends.set(topic, end);
    if (this.#ends.size > this.#maxEnds) this.deadline = 0;
    this.deadline = Math.min(this.deadline, end);
  }
}

const gone: Answer = refusal(Code.notFound, "The topic was deleted");

/** The longest time, in milliseconds, between two confirmable notifications. */
export function observerCheckMs(properties: Properties): number {
  return (properties.get(Label.observerCheck) as number) * 1000;
}

function isValid(properties: Properties, now: number): boolean {
  return properties !== none && expiryOf(properties) > now;
}

/** Reads a stored value, which may be anything: others may publish to its topic. */
function read(value: Publication): Properties {
  const properties = readProperties(value.payload);
  if (!(properties instanceof Map)) return none;
  const isOurs = properties.get(Label.name) === topicOf(value) &&
    properties.has(Label.observerCheck);
  return isOurs ? properties : none;
}

function topicOf({ topic }: Publication): string {
  return topic.slice(PREFIX.length);
}
