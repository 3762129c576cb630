import { encodeCbor } from "../../cbor_writer.ts";
import type { Hub, Outcome } from "../../session.ts";
import { Answer, deleted, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format } from "../messages/content_format.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { type Origin, ownerIn } from "../origin.ts";
import { may, mayFollow } from "../permission.ts";
import { unmet } from "../topics/conditions.ts";
import { answerTo, notAllowed } from "../topics/outcome.ts";
import { isAmong, represent, valid } from "../topics/representation.ts";
import { type Configurations, PREFIX } from "./configurations.ts";
import { Label, type Properties, propertiesOf, readProperties } from "./topic_properties.ts";

/** `/pubsub/T`: the configuration of topic T (draft-ietf-core-coap-pubsub §2.5). */
export class TopicResource {
  constructor(readonly hub: Hub, readonly configurations: Configurations) {}

  answer(request: Request, topic: string, from: Origin): Answer | undefined {
    const read = (then: (now: number) => Answer) =>
      from.caller === undefined ? then(from.now) : mayFollow(topic, 0, from.caller, then);
    switch (request.message.code) {
      case Code.get:
        return read((now) => this.#read(request, topic, now));
      case Code.fetch:
        return read((now) => this.#select(request, topic, now));
      case Code.post:
      case Code.put:
      case Code.ipatch:
        return mayConfigure(
          topic,
          from,
          (now) => this.#change(request, topic, { now, owner: ownerIn(from) }),
        );
      case Code.delete:
        return mayConfigure(topic, from, (now) => this.#delete(request, topic, now));
    }
    return notAllowed("GET, FETCH, POST, PUT, iPATCH and DELETE");
  }

  #read(request: Request, topic: string, now: number): Answer {
    const value = this.configurations.stored(this.hub, topic, now);
    if (value === undefined) return unknown();
    if (request.etags !== undefined && isAmong(request.etags, value)) return valid(value);
    return represent(value, request.accept, now);
  }

  /** Some properties (§2.5.2). */
  #select(request: Request, topic: string, now: number): Answer {
    const properties = this.configurations.find(this.hub, topic, now);
    if (properties === undefined) return unknown();
    const wish = readProperties(request.payload);
    if (wish instanceof Answer) return wish;
    const labels = wish.get(Label.filter);
    if (wish.size !== 1 || !Array.isArray(labels)) {
      return refusal(Code.badRequest, "Cannot select: send a conf-filter, as in {9: [1, 3]}");
    }
    const selected = new Map([...properties].filter(([label]) => labels.includes(label)));
    const options = [new Option(Options.contentFormat, uint(Format.pubsub))];
    return new Answer(Code.content, encodeOptions(options), encodeCbor(selected));
  }

  /** Replaces the configuration (§2.5.3), or with iPATCH some properties (§2.5.4). */
  #change(
    request: Request,
    topic: string,
    { now, owner }: { now: number; owner: string },
  ): Answer {
    const before = this.configurations.find(this.hub, topic, now);
    if (before === undefined) return unknown();
    const given = readProperties(request.payload);
    if (given instanceof Answer) return given;
    const kept = request.message.code === Code.ipatch
      ? before
      : new Map([Label.name, Label.resourceType].map((label) => [label, before.get(label)!]));
    const properties = propertiesOf(new Map([...kept, ...given]), topic, now);
    if (properties instanceof Answer) return properties;
    const fault = unmet(this.hub, request, PREFIX + topic);
    if (fault !== undefined) return fault;
    const outcome = this.configurations.set(topic, properties, { hub: this.hub, owner, now });
    return configured(outcome, properties, Code.changed);
  }

  #delete(request: Request, topic: string, now: number): Answer {
    const fault = unmet(this.hub, request, PREFIX + topic);
    if (fault !== undefined) return fault;
    if (this.configurations.find(this.hub, topic, now) === undefined) return deleted;
    return answerTo(this.configurations.remove(this.hub, topic, now), deleted);
  }
}

/** Calls `then` if the client may configure a topic: whoever may set its state may do that. */
export function mayConfigure(
  topic: string,
  { caller, now }: Origin,
  then: (now: number) => Answer | undefined,
): Answer | undefined {
  if (caller === undefined) return then(now);
  return may({ action: "publish", topic, qos: 1, retain: true }, caller, then);
}

/** The answer to a change, which is the whole configuration as it is now. */
export function configured(
  outcome: Outcome,
  properties: Properties,
  code: number,
  options: readonly Option[] = [],
): Answer {
  const format = new Option(Options.contentFormat, uint(Format.pubsub));
  const all = encodeOptions([...options, format]);
  return answerTo(outcome, new Answer(code, all, encodeCbor(properties)));
}

function unknown(): Answer {
  return refusal(Code.notFound, "This topic is not configured: POST it to /pubsub");
}
