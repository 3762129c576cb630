import { type MessageProperties, Publication } from "../../protocols/publication.ts";
import { faultOfTopic, isReserved } from "../../protocols/topic.ts";
import type { Self } from "../actor.ts";
import { Brake } from "../brake.ts";
import { Member } from "../member.ts";
import type { BridgeEnd } from "./bridge_end.ts";
import { remap, type Remapped } from "./routes.ts";
import type { Upstream, UpstreamMessage } from "./upstream.ts";

/** Levels of a topic: as many as everybody may use. */
const MAX_LEVELS = 128;

/** The first and the longest pause before a message that nobody had room for is tried again. */
const RETRY_MS = { first: 50, longest: 1_000 };

/** What comes from the upstream: it is acknowledged when it was taken, and not before. */
export class BridgeInput {
  received = 0;
  /** Once it is open. */
  upstream: Upstream | undefined;
  readonly #self: Self<unknown>;
  readonly #end: BridgeEnd;
  readonly #hub: Member;
  readonly #brake: Brake;
  /** Whom to tell once the receivers have caught up. */
  #held: ((taken: boolean) => void)[] = [];
  readonly #retries = new Set<() => void>();

  constructor(self: Self<unknown>, end: BridgeEnd) {
    this.#self = self;
    this.#end = end;
    this.#brake = new Brake({ released: () => self.turn(() => this.#released()) });
    const inbox = { name: end.name, deliver: () => false, post: () => false };
    this.#hub = new Member(end.space, inbox, this.#brake);
  }

  take(message: UpstreamMessage, settle: (taken: boolean) => void): void {
    const { space, routes, echoes, session } = this.#end;
    const now = space.clock.now();
    this.received++;
    if (session?.version === "3.1.1" && echoes.returned(message.topic, message.payload, now)) {
      space.count("bridge.looped");
      return settle(true);
    }
    const lanes = remap(routes.in, message.topic).filter(({ topic }) => isTopic(topic));
    if (lanes.length === 0) {
      space.count("bridge.refused");
      return settle(true);
    }
    this.#publish({ ...message, properties: sound(message.properties) }, { lanes, settle, now });
  }

  stop(): void {
    for (const cancel of this.#retries) cancel();
    this.#held = [];
  }

  #publish(
    message: UpstreamMessage,
    { lanes, settle, now, pauseMs = RETRY_MS.first }: {
      lanes: readonly Remapped[];
      settle: (taken: boolean) => void;
      now: number;
      pauseMs?: number;
    },
  ): void {
    const { payload, retain, contentType, properties } = message;
    const refused: Remapped[] = [];
    for (const lane of lanes) {
      const qos = message.qos < lane.qos ? message.qos : lane.qos;
      const outcome = this.#hub.publish(
        new Publication(lane.topic, payload, {
          qos,
          retain,
          time: now,
          contentType,
          properties,
          origin: this.#end,
        }),
      );
      // Not acknowledged, it comes again when there is a gateway again.
      if (outcome === "closing") return settle(false);
      if (outcome === "overloaded") refused.push(lane);
    }
    if (refused.length === 0 || message.qos === 0) return this.#settle(this.#whenSafe(settle));
    const cancel = this.#end.space.clock.after(pauseMs, () => {
      this.#retries.delete(cancel);
      this.#self.turn(() => {
        this.upstream?.stayAlive();
        const next = Math.min(pauseMs * 2, RETRY_MS.longest);
        this.#publish(message, { lanes: refused, settle, now, pauseMs: next });
      });
    });
    this.#retries.add(cancel);
  }

  /** The upstream may forget the message once it is safe here. */
  #whenSafe(settle: (taken: boolean) => void): (taken: boolean) => void {
    const { ledger } = this.#end.space;
    if (ledger === undefined || !ledger.dirty) return settle;
    const { batch } = ledger;
    ledger.dirty = false;
    let isSafe = false, told: boolean | undefined;
    ledger.hold({
      committed: (committed) => {
        if (committed < batch) return false;
        isSafe = true;
        if (told !== undefined) this.#self.turn(() => settle(told!));
        return true;
      },
      unstored: () => this.#self.turn(() => settle(false)),
    });
    return (taken) => isSafe ? settle(taken) : void (told = taken);
  }

  /** The next message comes once those who are behind have caught up, or were given up. */
  #settle(settle: (taken: boolean) => void): void {
    if (this.#brake.on) this.#held.push(settle);
    else settle(true);
  }

  #released(): void {
    const held = this.#held;
    this.#held = [];
    for (const settle of held) settle(true);
  }
}

/** True for what may be published here. Nobody has looked at it: the upstream may be anybody's. */
function isTopic(topic: string): boolean {
  return faultOfTopic(topic, MAX_LEVELS) === undefined && !isReserved(topic);
}

/** Properties without what no client of ours could take [MQTT-3.3.2-14]. */
function sound(properties: MessageProperties | undefined): MessageProperties | undefined {
  const { responseTopic, ...others } = properties ?? {};
  return responseTopic === undefined || isTopic(responseTopic) ? properties : others;
}
