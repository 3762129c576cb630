import { type Link, linkTo } from "../../link_format.ts";
import { Publication } from "../../publication.ts";
import type { Hub } from "../../session.ts";
import { topicToPath } from "../../topic.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import { Answer, created, refusal } from "../messages/answer.ts";
import { Code, NONE } from "../messages/codec.ts";
import { Format, mediaTypeOf } from "../messages/content_format.ts";
import type { Request } from "../messages/request.ts";
import { isWild } from "../observe/observers.ts";
import { type Origin, ownerIn } from "../origin.ts";
import { offer } from "../permission.ts";
import { listLinks } from "../topics/links.ts";
import { answerTo, isTaken, notAllowed } from "../topics/outcome.ts";
import type { Configurations } from "./configurations.ts";
import { faultOfName, locationOf } from "./create_topic.ts";
import {
  hasAll,
  Label,
  type Properties,
  propertiesOf,
  readProperties,
} from "./topic_properties.ts";
import { configured, mayConfigure, TopicResource } from "./topic_resource.ts";

/**
 * The topic collection `/pubsub`, and below it the configuration of each topic
 * (draft-ietf-core-coap-pubsub-21 §2): that of topic `a/b` is `/pubsub/a/b`, its data `/ps/a/b`.
 */
export class TopicCollection {
  readonly #topic: TopicResource;

  constructor(
    readonly hub: Hub,
    readonly layer: MessageLayer,
    readonly configurations: Configurations,
  ) {
    this.#topic = new TopicResource(hub, configurations);
  }

  answer(request: Request, from: Origin): Answer | undefined {
    const { rest, message: { code } } = request;
    if (code !== Code.get && code !== Code.delete && request.contentFormat !== Format.pubsub) {
      const reason = "Cannot read this: 606 (application/core-pubsub+cbor) is known";
      return refusal(Code.unsupportedFormat, reason);
    }
    if (rest !== undefined && rest !== "") {
      return this.#faultOf(rest) ?? this.#topic.answer(request, rest, from);
    }
    if (code === Code.get) return this.#list(request, from);
    if (code !== Code.fetch && code !== Code.post) return notAllowed("GET, FETCH and POST");
    const given = readProperties(request.payload);
    if (given instanceof Answer) return given;
    return code === Code.post ? this.#create(given, from) : this.#list(request, from, given);
  }

  /** What `/.well-known/core` lists: the collection and the topics in it (§2.3). */
  *links(from: Origin): IterableIterator<Link> {
    yield { target: "/pubsub", attributes: { rt: "core.ps.coll", ct: Format.linkFormat } };
    for (const topic of this.#visible(from)) {
      yield {
        target: `/pubsub/${topicToPath(topic)}`,
        attributes: { rt: "core.ps.conf", ct: Format.pubsub },
      };
    }
  }

  /** Topics that have some properties (§2.4.2), and with `?rt=core.ps.data` their data (§2.3.4). */
  #list(request: Request, from: Origin, wanted?: Properties): Answer {
    const { hub } = this, visible = this.#visible(from, wanted);
    const isTyped = request.queries?.some((query) => query.startsWith("rt="));
    return listLinks(all(), request, this.layer.limits.maxPayloadBytes);

    function* all(): IterableIterator<Link> {
      for (const topic of visible) {
        yield { target: `/pubsub/${topicToPath(topic)}`, attributes: { rt: "core.ps.conf" } };
        const value = isTyped ? hub.retained(topic) : undefined;
        if (value !== undefined) yield linkTo("/ps/", value);
      }
    }
  }

  /** The topics with a configuration that the client may see. */
  *#visible({ caller, now }: Origin, wanted?: Properties): IterableIterator<string> {
    const screen = caller?.guard.screen("#", caller.identity);
    const name = wanted?.get(Label.name);
    const filter = typeof name === "string" && !isWild(name) ? name : "#";
    let scanned = 0;
    for (const found of this.configurations.matching(this.hub, filter, now)) {
      if (++scanned > this.layer.limits.maxScanned) return;
      if (found === undefined) continue;
      const [topic, properties] = found;
      if (wanted !== undefined && !hasAll(properties, wanted)) continue;
      const data = new Publication(topic, NONE, { retain: true });
      if (screen?.shows(data, nobody, 0) !== false) yield topic;
    }
  }

  #create(given: Properties, from: Origin): Answer | undefined {
    const topic = given.get(Label.name);
    if (typeof topic !== "string") return refusal(Code.badRequest, "A topic needs a topic-name");
    const fault = this.#faultOf(topic);
    if (fault !== undefined) return fault;
    const properties = propertiesOf(given, topic, from.now);
    if (properties instanceof Answer) return properties;
    return mayConfigure(topic, from, (now) => {
      if (this.configurations.find(this.hub, topic, now) !== undefined) {
        return refusal(Code.badRequest, `The topic-name "${topic.slice(0, 64)}" is in use`);
      }
      const payload = properties.get(Label.initialize), { hub } = this;
      const owner = ownerIn(from);
      const create = (): Answer => {
        const outcome = this.configurations.set(topic, properties, { hub, owner, now });
        return configured(outcome, properties, Code.created, locationOf("pubsub", topic));
      };
      // The initial value must not replace one that is there, and cannot be empty.
      const hasValue = !(payload instanceof Uint8Array) || payload.length === 0 ||
        hub.retained(topic) !== undefined;
      if (hasValue) return create();
      const contentType = mediaTypeOf(properties.get(Label.contentFormat) as number);
      const options = { qos: 1, retain: true, time: now, contentType } as const;
      return offer(new Publication(topic, payload.slice(), options), from.caller, (data) => {
        const outcome = hub.publish(data, owner);
        return isTaken(outcome) ? create() : answerTo(outcome, created);
      });
    });
  }

  #faultOf(topic: string): Answer | undefined {
    if (topic.startsWith("$")) return refusal(Code.forbidden, "Topics with $ are not configured");
    const fault = faultOfName(topic, this.layer.limits.maxTopicLevels);
    return fault === undefined ? undefined : refusal(Code.badRequest, fault);
  }
}

/** A receiver that takes nothing: a list does not wait for what hooks have not decided yet. */
const nobody = { name: "coap list", deliver: () => false };
