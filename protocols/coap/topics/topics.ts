import { Publication, type PublicationOptions } from "../../publication.ts";
import { replyTopic } from "../../reply_topic.ts";
import type { Hub } from "../../session.ts";
import { faultOfFilter, faultOfTopic } from "../../topic.ts";
import { shapeOf } from "../blocks/blockwise.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import { Answer, changed, created, deleted, refusal } from "../messages/answer.ts";
import { Code, NONE } from "../messages/codec.ts";
import { parameter, qosOf, replyMsOf } from "../messages/query.ts";
import { isRegistration, type Request } from "../messages/request.ts";
import type { ObservationWish } from "../observe/observation.ts";
import { isWild, type Observers } from "../observe/observers.ts";
import { type Origin, ownerIn } from "../origin.ts";
import { may, mayFollow, offer, refused } from "../permission.ts";
import { Configurations, observerCheckMs } from "../pubsub/configurations.ts";
import { createdAt, nameOf } from "../pubsub/create_topic.ts";
import { Label, type Properties } from "../pubsub/topic_properties.ts";
import { unmet } from "./conditions.ts";
import { patched, selection } from "./json_topics.ts";
import { listTopics } from "./links.ts";
import { answerTo, notAllowed, overloaded } from "./outcome.ts";
import { defaultQos, kept, publicationOptions } from "./publishing.ts";
import type { Replies } from "./replies.ts";
import { isAmong, represent, valid } from "./representation.ts";

/** The topic space as resources: `/topics/T` and `/ps/T`. */
export class Topics {
  readonly #configurations: Configurations;

  constructor(
    readonly hub: Hub,
    readonly layer: MessageLayer,
    readonly observers: Observers,
    readonly replies: Replies,
  ) {
    this.#configurations = hub.shared(Configurations);
  }

  /** Answers a request; undefined when the answer is sent separately. */
  answer(request: Request, from: Origin): Answer | undefined {
    const { rest } = request, { code } = request.message;
    if (rest === undefined || rest === "") {
      if (code === Code.get) return this.#list(request, from);
      const isCreating = code === Code.post && request.root === "ps";
      return isCreating ? this.#create(request, from) : notAllowed("GET");
    }
    switch (code) {
      case Code.get:
        return this.#get(request, rest, from);
      case Code.fetch:
        return this.#select(request, rest, from);
      case Code.post:
      case Code.put:
        return this.#publish(request, rest, from);
      case Code.patch:
      case Code.ipatch:
        return this.#patch(request, rest, from);
      case Code.delete:
        return this.#delete(request, rest, from);
    }
    return notAllowed("GET, FETCH, PUT, POST, PATCH, iPATCH and DELETE");
  }

  #list(request: Request, { caller }: Origin): Answer {
    const { maxScanned, maxPayloadBytes: maxBytes } = this.layer.limits;
    const screen = caller?.guard.screen("#", caller.identity);
    return listTopics(this.hub, request, { maxBytes, maxScanned, screen });
  }

  #create(request: Request, { caller }: Origin): Answer | undefined {
    const topic = nameOf(request, this.layer.limits.maxTopicLevels);
    if (topic instanceof Answer) return topic;
    const create = () =>
      this.hub.retained(topic) === undefined
        ? createdAt(topic)
        : refusal(Code.forbidden, "This topic is there already");
    if (caller === undefined) return create();
    return may({ action: "publish", topic, qos: 1, retain: true }, caller, create);
  }

  #get(request: Request, topic: string, from: Origin): Answer | undefined {
    if (isRegistration(request)) return this.#observe(request, topic, from);
    if (from.caller === undefined) return this.#read(request, topic, from.now);
    const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    return mayFollow(topic, 0, from.caller, (now) => this.#read(request, topic, now));
  }

  /** Parts of a JSON value (RFC 8132 §2). */
  #select(request: Request, topic: string, from: Origin): Answer | undefined {
    const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const select = selection(request, this.layer.limits.maxPayloadBytes);
    if (select instanceof Answer) return select;
    if (isRegistration(request)) {
      const bytes = request.payload.length;
      return this.#observe(request, topic, from, { select, shape: shapeOf(request), bytes });
    }
    const { caller } = from;
    const answer = () => {
      const value = this.hub.retained(topic);
      return value === undefined ? noValue() : select(value);
    };
    return caller === undefined ? answer() : mayFollow(topic, 0, caller, answer);
  }

  #read(request: Request, topic: string, now: number): Answer {
    const value = this.hub.retained(topic);
    if (value === undefined) {
      const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
      if (fault !== undefined) return refusal(Code.badRequest, fault);
      return noValue();
    }
    if (request.etags !== undefined && isAmong(request.etags, value)) {
      return valid(value);
    }
    return represent(value, request.accept, now);
  }

  #observe(
    request: Request,
    path: string,
    from: Origin,
    part?: Pick<ObservationWish, "select" | "shape" | "bytes">,
  ): Answer | undefined {
    const filter = unescaped(path);
    const fault = faultOfFilter(filter, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const qos = qosOf(request);
    if (qos instanceof Answer) return qos;
    const wish: ObservationWish = {
      filter,
      accept: request.accept,
      szx: request.block2 === undefined ? undefined : request.block2 & 7,
      everyConfirmed: (qos ?? 0) > 0,
      endsWhenCleared: request.root === "ps" && !isWild(filter),
      client: from.client,
      ...part,
    };
    const { caller } = from;
    if (caller === undefined) return this.#register(request, wish, from);
    const { guard, identity } = caller;
    return mayFollow(filter, qos ?? 0, caller, (now) => {
      const screen = guard.screen(filter, identity);
      const known: ObservationWish = { ...wish, screen, ...from.client ? {} : { caller } };
      const answer = this.#register(request, known, { ...from, now });
      guard.subscribed(identity, filter, qos ?? 0);
      return answer;
    });
  }

  #register(request: Request, wish: ObservationWish, { peer, now }: Origin): Answer {
    const { filter } = wish;
    const properties = isWild(filter) ? undefined : this.#configurationOf(filter, now);
    if (properties === undefined) return this.observers.register(peer!, request, wish, now);
    // Without a value it is half created, and cannot be observed (draft-ietf-core-coap-pubsub
    // §3.1).
    if (request.root === "ps" && this.hub.retained(filter) === undefined) return noValue();
    const maxSubscribers = properties.get(Label.maxSubscribers) as number | undefined;
    const probeMs = observerCheckMs(properties);
    return this.observers.register(peer!, request, { ...wish, maxSubscribers, probeMs }, now);
  }

  #configurationOf(topic: string, now: number): Properties | undefined {
    return this.#configurations.find(this.hub, topic, now);
  }

  #publish(request: Request, topic: string, from: Origin): Answer | undefined {
    const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const isPut = request.message.code === Code.put;
    const isQuestion = !isPut && parameter(request, "reply") !== undefined;
    // Below /ps a publication sets the value (draft-ietf-core-coap-pubsub-09 §4.3).
    const retains = isPut || request.root === "ps" && !isQuestion;
    const canonical = this.#configurationOf(topic, from.now)?.get(Label.contentFormat);
    const options = publicationOptions(request, retains, canonical as number | undefined);
    if (options instanceof Answer) return options;
    const publication = new Publication(topic, kept(request, options.retain), {
      ...options,
      time: from.now,
    });
    return isQuestion
      ? this.#ask(request, publication, from)
      : this.#set(request, publication, from);
  }

  /** Changes a JSON value (RFC 8132 §3), if it is still the one that the change was made of. */
  #patch(request: Request, topic: string, from: Origin): Answer | undefined {
    const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const qos = qosOf(request);
    if (qos instanceof Answer) return qos;
    const patch = (): Answer | undefined => {
      const before = this.hub.retained(topic), maxBytes = this.layer.limits.maxPayloadBytes;
      const payload = patched(before, request, maxBytes);
      if (payload instanceof Answer) return payload;
      const contentType = before?.contentType ?? "application/json";
      const options = {
        qos: qos ?? defaultQos(request),
        retain: true,
        time: from.now,
        contentType,
      };
      return this.#set(request, new Publication(topic, payload, options), from, before);
    };
    // Whether a patch can be applied tells something of the value, so it takes the right to read.
    return from.caller === undefined ? patch() : mayFollow(topic, 0, from.caller, patch);
  }

  /** Publishes; with `before`, only if that is still the value when hooks have answered. */
  #set(
    request: Request,
    set: Publication,
    from: Origin,
    before?: Publication,
  ): Answer | undefined {
    const { topic, payload, retain } = set;
    const isEvent = request.message.code === Code.post && request.root !== "ps";
    return offer(set, from.caller, (publication) => {
      const fault = unmet(this.hub, request, topic);
      if (fault !== undefined) return fault;
      const now = this.hub.retained(topic);
      if (before !== undefined && now !== before) {
        return refusal(Code.conflict, "The value has changed meanwhile");
      }
      const isNew = !isEvent && retain && payload.length > 0 && now === undefined;
      return answerTo(this.hub.publish(publication, ownerIn(from)), isNew ? created : changed);
    });
  }

  #delete(request: Request, topic: string, { now, caller }: Origin): Answer | undefined {
    const fault = faultOfTopic(topic, this.layer.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const qos = qosOf(request);
    if (qos instanceof Answer) return qos;
    const options = { qos: qos ?? defaultQos(request), retain: true, time: now };
    return offer(
      new Publication(topic, NONE, options),
      caller,
      (publication) =>
        unmet(this.hub, request, topic) ?? answerTo(this.hub.publish(publication), deleted),
    );
  }

  /** Publishes a question. The first reply to it, or 5.04, is sent separately. */
  #ask(
    request: Request,
    question: Publication,
    { peer, address, now, caller }: Origin,
  ): Answer | undefined {
    const fault = unmet(this.hub, request, question.topic);
    if (fault !== undefined) return fault;
    const replyMs = replyMsOf(request, this.layer.limits.maxReplyMs);
    if (replyMs instanceof Answer) return replyMs;
    if (!this.replies.hasRoomFor(peer!)) return overloaded();
    const responseTopic = replyTopic(), { message } = request;
    const asks = { responseTopic, correlationData: message.token.slice() };
    const properties = { ...question.properties, ...asks };
    const waiting = this.replies.wait(peer!, request, responseTopic, now + replyMs);
    const options: PublicationOptions = { ...question, properties };
    const { topic, payload } = question;
    let isPublished = false;
    const answer = offer(new Publication(topic, payload, options), caller, (publication) => {
      isPublished = true;
      const outcome = this.hub.publish(publication);
      if (outcome === "accepted") {
        this.layer.acknowledge(message, address);
        return undefined;
      }
      this.replies.finish(waiting);
      return answerTo(outcome, refusal(Code.gatewayTimeout, "Nobody subscribes to this topic"));
    }, (refusal) => {
      this.replies.finish(waiting);
      return refused(refusal);
    });
    // It was refused because too many requests wait for hooks.
    if (answer !== undefined && !isPublished) this.replies.finish(waiting);
    return answer;
  }
}

/** A filter whose wildcards a client has sent percent-encoded, as in a URI. */
function unescaped(path: string): string {
  return path.includes("%")
    ? path.split("/").map((level) => level === "%23" ? "#" : /^%2b$/i.test(level) ? "+" : level)
      .join("/")
    : path;
}

function noValue(): Answer {
  return refusal(Code.notFound, "This topic holds no value");
}
