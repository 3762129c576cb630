import { type MessageProperties, Publication } from "../../protocols/publication.ts";
import type { Hub } from "../../protocols/session.ts";
import { faultOfTopic, isReserved } from "../../protocols/topic.ts";
import type { Self } from "../actor.ts";
import { Brake } from "../connections/brake.ts";
import type { Holder } from "../space/ledger.ts";
import { insider } from "../space/member.ts";
import type { BridgeEnd } from "./bridge_end.ts";
import { remap, type Remapped } from "./routes.ts";
import type { Upstream, UpstreamMessage } from "./upstream.ts";

/** Levels of a topic: as many as everybody may use. */
const MAX_LEVELS = 128;

/** The first and the longest pause before a message that nobody had room for is tried again. */
const RETRY_MS = { first: 50, longest: 1_000 };

/** Takes in what comes from the upstream, and has it acknowledged once it is taken, not before. */
export class BridgeInput {
  received = 0;
  /** Set once it is open. */
  upstream: Upstream | undefined;
  readonly #self: Self<unknown>;
  readonly #end: BridgeEnd;
  readonly #hub: Hub;
  readonly #brake: Brake;
  /** Acknowledgements that wait until the receivers have caught up. */
  #held: ((taken: boolean) => void)[] = [];
  /** Cancels of the timers after which messages are tried again. */
  readonly #retries = new Set<() => void>();

  constructor(self: Self<unknown>, end: BridgeEnd) {
    this.#self = self;
    this.#end = end;
    this.#brake = new Brake({ released: () => self.turn(() => this.#released()) });
    this.#hub = insider(end.space, end.name, this.#brake);
  }

  take(message: UpstreamMessage, settle: (taken: boolean) => void): void {
    const { space, routes, echoes, session } = this.#end;
    const now = space.clock.now();
    this.received++;
    const safely = this.#owning(message, settle);
    if (session?.version === "3.1.1" && echoes.returned(message.topic, message.payload, now)) {
      space.count("bridge.looped");
      return safely(true);
    }
    const lanes = remap(routes.in, message.topic).filter(({ topic }) => isTopic(topic));
    if (lanes.length === 0) {
      space.count("bridge.refused");
      return safely(true);
    }
    const publication = { ...message, properties: sound(message.properties) };
    this.#publish(publication, { lanes, settle: safely, now });
  }

  /** The upstream will not send this message of QoS 2 again. */
  release(packetId: number, done: () => void): void {
    this.#end.ids.release(packetId);
    this.#whenSafe(done);
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
      // The upstream sends again, to the next gateway, what was not acknowledged.
      if (outcome === "closing") return settle(false);
      if (outcome === "overloaded") refused.push(lane);
    }
    if (refused.length === 0 || message.qos === 0) return settle(true);
    const cancel = this.#end.space.clock.after(pauseMs, () => {
      this.#retries.delete(cancel);
      this.#self.turn(() => {
        this.upstream?.stayAlive();
        // Where there was room before, it may not be safe yet.
        this.#end.space.ledger?.touch();
        const next = Math.min(pauseMs * 2, RETRY_MS.longest);
        this.#publish(message, { lanes: refused, settle, now, pauseMs: next });
      });
    });
    this.#retries.add(cancel);
  }

  /** The upstream may forget the message once it is safe here that it was taken. */
  #owning({ packetId }: UpstreamMessage, settle: (taken: boolean) => void) {
    const { ids } = this.#end, { session } = ids;
    return (taken: boolean) => {
      if (!taken) return settle(false);
      if (packetId !== undefined) ids.add(packetId, session);
      this.#whenSafe(() => this.#settle(settle));
    };
  }

  /** Goes on once all that this turn has recorded is safe, however long that takes. */
  #whenSafe(then: () => void): void {
    const { ledger } = this.#end.space;
    if (ledger === undefined || !ledger.dirty) return then();
    const { batch } = ledger;
    ledger.dirty = false;
    const holder: Holder = {
      committed: (committed) => {
        if (committed < batch) return false;
        this.#self.turn(then);
        return true;
      },
      // The writer tries again, so the message must not come again.
      unstored: () => ledger.hold(holder),
    };
    ledger.hold(holder);
  }

  /** Lets the next message come, once receivers that are behind have caught up or were given up. */
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
