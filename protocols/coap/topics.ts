import { copy } from "../bytes.ts";
import type { Guard } from "../guard.ts";
import { type Identity, Refusal } from "../identity.ts";
import { Publication, type PublicationOptions, type Qos } from "../publication.ts";
import type { Hub, Outcome } from "../session.ts";
import { faultOfFilter, faultOfTopic } from "../topic.ts";
import { Answer, changed, created, deleted, refusal } from "./answer.ts";
import { Code, CON, NONE, Option } from "./codec.ts";
import { mediaTypeOf } from "./content_format.ts";
import type { Exchange } from "./exchange.ts";
import type { LateAnswer } from "./late.ts";
import { listTopics } from "./links.ts";
import type { ObservationWish } from "./observation.ts";
import { isWild, type Observers } from "./observers.ts";
import { Options, uint } from "./options.ts";
import type { Peer } from "./peers.ts";
import { refused } from "./permission.ts";
import { parameter, qosOf, replyMsOf, retainOf } from "./query.ts";
import type { Replies } from "./replies.ts";
import { isAmong, represent, validBody } from "./representation.ts";
import type { Request } from "./request.ts";

/** Where a request comes from, and when. */
export interface Origin {
  /** Its sender; undefined for a plain GET, which leaves no trace. */
  peer: Peer | undefined;
  /** Who asks, and how hooks are asked about it; undefined when there are none. */
  caller?: { identity: Identity; guard: Guard; late: LateAnswer };
  address: string;
  now: number;
}

/** Seconds after which somebody who met an overload may try again. */
const RETRY_SECONDS = 1;

/** The topic space as resources: `/topics/T` and `/ps/T`. */
export class Topics {
  constructor(
    readonly hub: Hub,
    readonly exchange: Exchange,
    readonly observers: Observers,
    readonly replies: Replies,
  ) {}

  /** Answers a request; undefined when the answer goes separately. */
  answer(request: Request, from: Origin): Answer | undefined {
    const { rest } = request, { code } = request.message;
    if (rest === undefined || rest === "") {
      return code === Code.get ? this.#list(request, from) : notAllowed("GET");
    }
    switch (code) {
      case Code.get:
        return this.#get(request, rest, from);
      case Code.post:
      case Code.put:
        return this.#publish(request, rest, from);
      case Code.delete:
        return this.#delete(request, rest, from);
    }
    return notAllowed("GET, PUT, POST and DELETE");
  }

  #list(request: Request, { caller }: Origin): Answer {
    const { maxScanned } = this.exchange.limits;
    const { maxBodyBytes } = this.exchange.composer;
    const screen = caller?.guard.screen("#", caller.identity);
    return listTopics(this.hub, request, { maxBodyBytes, maxScanned, screen });
  }

  #get(request: Request, topic: string, from: Origin): Answer | undefined {
    // RFC 7959 §2.4: whoever asks for the first block may be given everything.
    if (request.block2 !== undefined && request.block2 >> 4 > 0) {
      return refusal(Code.badRequest, "Cannot send a block: values are sent whole");
    }
    if (request.observe === 0) return this.#observe(request, topic, from);
    if (from.caller === undefined) return this.#read(request, topic, from.now);
    const fault = faultOfTopic(topic, this.exchange.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    return this.#mayFollow(topic, 0, from.caller, (now) => this.#read(request, topic, now));
  }

  #read(request: Request, topic: string, now: number): Answer {
    const value = this.hub.retained(topic);
    if (value === undefined) {
      const fault = faultOfTopic(topic, this.exchange.limits.maxTopicLevels);
      if (fault !== undefined) return refusal(Code.badRequest, fault);
      return refusal(Code.notFound, "This topic holds no value");
    }
    if (request.etags !== undefined && isAmong(request.etags, value)) {
      return new Answer(Code.valid, validBody(value));
    }
    const { maxBodyBytes } = this.exchange.composer;
    return represent(value, { accept: request.accept, maxBodyBytes }, now);
  }

  #observe(request: Request, path: string, { peer, now, caller }: Origin): Answer | undefined {
    const filter = unescaped(path);
    const fault = faultOfFilter(filter, this.exchange.limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    const qos = qosOf(request);
    if (qos instanceof Answer) return qos;
    const wish: ObservationWish = {
      filter,
      accept: request.accept,
      maxBodyBytes: this.exchange.composer.maxBodyBytes,
      everyConfirmed: (qos ?? 0) > 0,
      endsWhenCleared: request.root === "ps" && !isWild(filter),
    };
    if (caller === undefined) return this.observers.register(peer!, request, wish, now);
    const { guard, identity } = caller;
    return this.#mayFollow(filter, qos ?? 0, caller, (now) => {
      const screen = guard.screen(filter, identity), { expires } = identity;
      const answer = this.observers.register(peer!, request, { ...wish, screen, expires }, now);
      guard.subscribed(identity, filter, qos ?? 0);
      return answer;
    });
  }

  /** Reading, too, is following: a value is what whoever subscribes is sent first. */
  #mayFollow(
    topic: string,
    qos: Qos,
    { identity, guard, late }: NonNullable<Origin["caller"]>,
    then: (now: number) => Answer | undefined,
  ): Answer | undefined {
    const access = { action: "subscribe", identity, topic, qos, retain: false } as const;
    return late.ask<Refusal | undefined>(
      (decided) => guard.authorize(access, decided),
      (refusal, now) => refusal === undefined ? then(now) : refused(refusal),
    );
  }

  /** Publishes what hooks make of a publication. */
  #offer(
    publication: Publication,
    caller: Origin["caller"],
    publish: (publication: Publication) => Answer | undefined,
    refuse: (refusal: Refusal) => Answer = refused,
  ): Answer | undefined {
    if (caller === undefined) return publish(publication);
    const { identity, guard, late } = caller;
    return late.ask<Publication | Refusal>(
      (decided) => guard.publish(publication, identity, decided),
      (answer) => answer instanceof Refusal ? refuse(answer) : publish(answer),
    );
  }

  #publish(request: Request, topic: string, from: Origin): Answer | undefined {
    const refused = this.#refused(request, topic);
    if (refused !== undefined) return refused;
    const { message } = request, isPut = message.code === Code.put;
    const retain = retainOf(request, isPut), qos = qosOf(request);
    if (retain instanceof Answer) return retain;
    if (qos instanceof Answer) return qos;
    const options = {
      qos: qos ?? defaultQos(request),
      retain,
      time: from.now,
      contentType: request.contentFormat === undefined
        ? undefined
        : mediaTypeOf(request.contentFormat),
    };
    // A stored value must not keep the page alive that small copies share.
    const payload = retain ? message.payload.slice() : copy(message.payload);
    if (!isPut && parameter(request, "reply") !== undefined) {
      return this.#ask(request, new Publication(topic, payload, options), from);
    }
    return this.#offer(new Publication(topic, payload, options), from.caller, (publication) => {
      const fault = this.#conditions(request, topic);
      if (fault !== undefined) return fault;
      const isNew = isPut && retain && payload.length > 0 && this.hub.retained(topic) === undefined;
      return answerTo(this.hub.publish(publication), isNew ? created : changed);
    });
  }

  #delete(request: Request, topic: string, { now, caller }: Origin): Answer | undefined {
    const refused = this.#refused(request, topic);
    if (refused !== undefined) return refused;
    const qos = qosOf(request);
    if (qos instanceof Answer) return qos;
    const options = { qos: qos ?? defaultQos(request), retain: true, time: now };
    return this.#offer(
      new Publication(topic, NONE, options),
      caller,
      (publication) =>
        this.#conditions(request, topic) ?? answerTo(this.hub.publish(publication), deleted),
    );
  }

  /** Publishes a question; the first answer to it, or 5.04, follows separately. */
  #ask(
    request: Request,
    question: Publication,
    { peer, address, now, caller }: Origin,
  ): Answer | undefined {
    const fault = this.#conditions(request, question.topic);
    if (fault !== undefined) return fault;
    const replyMs = replyMsOf(request, this.exchange.limits.maxReplyMs);
    if (replyMs instanceof Answer) return replyMs;
    if (!this.replies.hasRoomFor(peer!)) return overloaded();
    const responseTopic = this.replies.nextTopic(), { message } = request;
    const properties = { responseTopic, correlationData: message.token.slice() };
    const waiting = this.replies.wait(peer!, message, responseTopic, now + replyMs);
    const options: PublicationOptions = { ...question, properties };
    const { topic, payload } = question;
    let isPublished = false;
    const answer = this.#offer(new Publication(topic, payload, options), caller, (publication) => {
      isPublished = true;
      const outcome = this.hub.publish(publication);
      if (outcome === "accepted") {
        if (message.type === CON) this.exchange.acknowledge(message.id, address);
        return undefined;
      }
      this.replies.finish(waiting);
      return answerTo(outcome, refusal(Code.gatewayTimeout, "Nobody subscribes to this topic"));
    }, (refusal) => {
      this.replies.finish(waiting);
      return refused(refusal);
    });
    // Too many wait for hooks already.
    if (answer !== undefined && !isPublished) this.replies.finish(waiting);
    return answer;
  }

  /** Why a topic cannot be written to, by this request. */
  #refused(request: Request, topic: string): Answer | undefined {
    const { limits } = this.exchange, { payload } = request.message;
    const fault = faultOfTopic(topic, limits.maxTopicLevels);
    if (fault !== undefined) return refusal(Code.badRequest, fault);
    // Block 0 with nothing to follow is the whole payload (RFC 7959 §2.2).
    const isPart = request.block1 !== undefined && request.block1 >> 3 > 0;
    if (isPart || payload.length > limits.maxPayloadBytes) {
      const size = new Option(Options.size1, uint(limits.maxPayloadBytes));
      return refusal(
        Code.tooLarge,
        `Cannot take more than one datagram: ${limits.maxPayloadBytes} bytes are allowed`,
        [size],
      );
    }
    return undefined;
  }

  #conditions({ ifMatch, ifNoneMatch }: Request, topic: string): Answer | undefined {
    if (ifMatch === undefined && !ifNoneMatch) return undefined;
    const value = this.hub.retained(topic);
    if (ifNoneMatch && value !== undefined) {
      return refusal(Code.preconditionFailed, "If-None-Match: this topic holds a value");
    }
    if (ifMatch === undefined) return undefined;
    const holds = value !== undefined &&
      (ifMatch.some((etag) => etag.length === 0) || isAmong(ifMatch, value));
    return holds
      ? undefined
      : refusal(Code.preconditionFailed, "If-Match: this topic holds another value, or none");
  }
}

/** Whoever asks for an acknowledgement means at least once (PRODUCT: the same as a PUBACK). */
function defaultQos({ message }: Request): Qos {
  return message.type === CON ? 1 : 0;
}

/** Some clients send the wildcards of a filter as they stand in a URI. */
function unescaped(path: string): string {
  return path.includes("%")
    ? path.split("/").map((level) => level === "%23" ? "#" : /^%2b$/i.test(level) ? "+" : level)
      .join("/")
    : path;
}

function answerTo(outcome: Outcome, success: Answer): Answer {
  if (outcome === "overloaded") return overloaded();
  if (outcome === "reserved") {
    return refusal(Code.forbidden, "Only the gateway itself publishes to this topic");
  }
  return outcome === "closing"
    ? refusal(Code.unavailable, "The gateway is shutting down")
    : success;
}

function overloaded(): Answer {
  const maxAge = new Option(Options.maxAge, uint(RETRY_SECONDS));
  return refusal(Code.unavailable, "Too many messages wait already", [maxAge]);
}

function notAllowed(methods: string): Answer {
  return refusal(Code.methodNotAllowed, `Only ${methods} are known here`);
}
