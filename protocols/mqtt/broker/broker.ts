import type { Refusal } from "../../identity.ts";
import { Holdings } from "../../owner.ts";
import type { Presence } from "../../presence.ts";
import type { Hub, Inbox, Timed } from "../../session.ts";
import type { Survey, Surveyed } from "../../traffic.ts";
import type { MqttLimits } from "../limits.ts";
import { census } from "./census.ts";
import { Client } from "./client.ts";
import { willPublication } from "./message.ts";
import { Shares, surrender } from "./shares.ts";
import type { Tally } from "./tally.ts";

/** A signal to a connection: another connection wants its session. */
export const TAKEOVER = Symbol("takeover");
/** A signal to a connection that waits for a session: it is free now. */
export const HANDOVER = Symbol("handover");

/** The Session Expiry Interval of a session that never ends (MQTT 5.0 §3.1.2.11.2). */
export const NEVER = 0xffff_ffff;

/** The part of the hub that sessions without a connection need. */
export type BrokerHub = Pick<Hub, "publish" | "forget" | "count" | "authorize">;

/** All MQTT sessions of a gateway, by client identifier, and which connection has which. */
export class Broker implements Tally, Timed, Surveyed {
  /** When `tick` is due; Infinity for never. */
  deadline = Infinity;
  queuedBytes = 0;
  inflightBytes = 0;
  subscriptions = 0;
  subscriptionBytes = 0;
  readonly holdings = new Holdings();
  /** Sessions that ended because their client stayed away too long. */
  expired = 0;
  /** The most sessions that had a connection at the same time. */
  maxConnected = 0;
  #connected = 0;
  /** Called when a client is connected, away, or gone for good. */
  moved: (name: string, presence: Presence) => void = () => {};
  readonly clients = new Map<string, Client>();
  readonly shares = new Shares(this);
  /** Called with a session that is not loaded yet, when its client connects after a restart. */
  wanted: (client: Client) => void = () => {};
  /** Sessions without a connection for which something falls due: their end, or a will. */
  readonly #away = new Set<Client>();
  /** Losses that are to be counted at the next tick: where they happen there is no hub. */
  readonly #losses = new Map<string, number>();

  lose(event: "mqtt.dropped" | "mqtt.conflated"): void {
    this.#losses.set(event, (this.#losses.get(event) ?? 0) + 1);
    this.deadline = 0;
  }

  survey(): Survey {
    return census(this.clients.values(), this);
  }

  /** The session of a client identifier, which is made if there is none. */
  client(id: string, limits: MqttLimits): Client {
    let client = this.clients.get(id);
    if (client === undefined) this.clients.set(id, client = new Client(id, limits, this));
    return client;
  }

  /** Asks for a session. False while it is not free: then `heir` gets `HANDOVER` once it is. */
  claim(client: Client, heir: Inbox, { now, hub }: { now: number; hub: BrokerHub }): boolean {
    const { inbox, heirs, loading } = client;
    // It may have expired since the last tick, or while the gateway was down.
    if (inbox === undefined && client.expiresAt <= now) {
      this.expired++;
      this.discard(client, { now, hub });
    }
    if (inbox === undefined && heirs === undefined && !loading) return true;
    (client.heirs ??= []).push(heir);
    if (loading) this.wanted(client);
    // When its mailbox is gone, the old connection died without releasing the session.
    if (client.inbox?.post(TAKEOVER) === false) this.release(client, { now, hub });
    return false;
  }

  /** Gives the session to a connection. */
  attach(client: Client, inbox: Inbox): void {
    if (client.inbox === undefined) this.#connected++;
    this.maxConnected = Math.max(this.maxConnected, this.#connected);
    client.move(inbox);
    dismiss(client, inbox);
    client.present = true;
    client.expiresAt = client.willAt = Infinity;
    this.#away.delete(client);
    this.moved(client.name, "online");
  }

  /**
   * Takes a session from its connection: it ends, or waits for its client; the next heir gets it.
   */
  release(client: Client, { now, hub }: { now: number; hub: BrokerHub }): void {
    if (client.inbox !== undefined) this.#connected--;
    client.move(undefined);
    const { will, expirySeconds } = client;
    const delaySeconds = Math.min(will?.properties?.willDelay ?? 0, expirySeconds);
    if (expirySeconds === 0) {
      this.discard(client, { now, hub });
    } else {
      for (const each of surrender(client)) each.group.takeBack(each);
      client.settle();
      client.expiresAt = expirySeconds === NEVER ? Infinity : now + expirySeconds * 1000;
      if (will !== undefined) client.willAt = now + delaySeconds * 1000;
      if (delaySeconds === 0) this.#publishWill(client, { now, hub });
      client.log?.save(client);
      this.#schedule(client);
      this.moved(client.name, "stale");
    }
    this.#summon(client);
  }

  /** Ends a session. Its object stays, for the connection that has it or waits for it. */
  discard(client: Client, { now, hub }: { now: number; hub: BrokerHub }): void {
    // The end of a session also ends the delay of its will (MQTT 5.0 §3.1.3.2.2).
    this.#publishWill(client, { now, hub });
    if (client.present) this.moved(client.name, "offline");
    hub.forget(client);
    const shared = surrender(client);
    this.shares.forget(client, hub);
    client.reset();
    this.#away.delete(client);
    for (const each of shared) each.group.takeBack(each);
  }

  /** Takes up a session that was stored before a restart. */
  resume(client: Client): void {
    client.present = true;
    this.clients.set(client.name, client);
    this.#schedule(client);
  }

  /** All stored messages of such a session have been loaded. */
  loaded(client: Client): void {
    client.loading = false;
    if (client.inbox === undefined) this.#summon(client);
  }

  /** A connection that waited for a session has gone. */
  withdraw(client: Client, heir: Inbox): void {
    dismiss(client, heir);
    if (client.inbox === undefined && !client.loading) this.#summon(client);
  }

  /** Publishes the wills and ends the sessions that are due. */
  tick(now: number, hub: BrokerHub): void {
    this.deadline = Infinity;
    for (const [event, amount] of this.#losses) hub.count(event, amount);
    this.#losses.clear();
    for (const client of [...this.#away]) {
      if (client.expiresAt <= now) {
        this.expired++;
        this.discard(client, { now, hub });
        this.#summon(client);
        continue;
      }
      if (client.willAt <= now) {
        this.#publishWill(client, { now, hub });
        client.log?.save(client);
      }
      this.#schedule(client);
    }
  }

  /** Notes when the next thing falls due for a session without a connection. */
  #schedule(client: Client): void {
    const due = Math.min(client.expiresAt, client.willAt);
    if (due === Infinity) {
      this.#away.delete(client);
      return;
    }
    this.#away.add(client);
    this.deadline = Math.min(this.deadline, due);
  }

  /**
   * Offers a free session to the next heir that is alive; forgets it when it ended and has none.
   */
  #summon(client: Client): void {
    while (client.heirs !== undefined && !client.heirs[0]!.post(HANDOVER)) {
      dismiss(client, client.heirs[0]!);
    }
    if (client.heirs !== undefined || client.present) return;
    // By now there may be another session of this name, which must stay.
    if (this.clients.get(client.name) === client) this.clients.delete(client.name);
  }

  #publishWill(client: Client, { now, hub }: { now: number; hub: BrokerHub }): void {
    const { will, owner, identity } = client;
    client.will = undefined;
    client.willAt = Infinity;
    if (will === undefined) return;
    const left = willPublication(will, client, now), { topic, qos, retain } = will;
    const publish = (refusal?: Refusal) => {
      if (refusal !== undefined) return hub.count("mqtt.refused");
      if (hub.publish(left, owner) === "overloaded") hub.count("mqtt.dropped");
    };
    // What its client might do when it connected it may not be allowed any more.
    if (identity === undefined || hub.authorize === undefined) return publish();
    hub.authorize({ action: "publish", identity, topic, qos, retain }, publish);
  }
}

function dismiss(client: Client, heir: Inbox): void {
  const others = client.heirs?.filter((each) => each !== heir);
  client.heirs = others?.length ? others : undefined;
}
