import type { Refusal } from "../identity.ts";
import type { Hub, Inbox, Timed } from "../session.ts";
import type { Presence } from "../presence.ts";
import type { Survey, Surveyed } from "../traffic.ts";
import { census } from "./census.ts";
import { Client } from "./client.ts";
import type { MqttLimits } from "./limits.ts";
import { willPublication } from "./message.ts";
import type { Tally } from "./queue.ts";
import { Holdings } from "../owner.ts";
import { Shares, surrender } from "./shares.ts";

/** To a connection: another one wants its session. */
export const TAKEOVER = Symbol("takeover");
/** To a connection that waits: the session is free. */
export const HANDOVER = Symbol("handover");

const NEVER = 0xffff_ffff;

/** The topic space as far as sessions without a connection need it. */
export type BrokerHub = Pick<Hub, "publish" | "forget" | "count" | "authorize">;

/** All MQTT sessions of a gateway by client identifier. */
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
  /** The most connections that had a session at once. */
  maxConnected = 0;
  #connected = 0;
  /** Told of sessions that come, wait and go. */
  moved: (name: string, presence: Presence) => void = () => {};
  readonly clients = new Map<string, Client>();
  readonly shares = new Shares(this);
  /** Told of a session whose client wants what waited before a restart. */
  wanted: (client: Client) => void = () => {};
  /** Sessions without a connection that have something to come: an end, a will. */
  readonly #away = new Set<Client>();
  /** Losses that nobody has counted yet. */
  readonly #losses = new Map<string, number>();

  lose(event: "mqtt.dropped" | "mqtt.conflated"): void {
    this.#losses.set(event, (this.#losses.get(event) ?? 0) + 1);
    this.deadline = 0;
  }

  survey(): Survey {
    return census(this.clients.values(), this);
  }

  /** The session of this client identifier, new if there is none. */
  client(id: string, limits: MqttLimits): Client {
    let client = this.clients.get(id);
    if (client === undefined) this.clients.set(id, client = new Client(id, limits, this));
    return client;
  }

  /** Asks for a session; false when another connection has it: `HANDOVER` comes to `heir` later. */
  claim(client: Client, heir: Inbox, { now, hub }: { now: number; hub: BrokerHub }): boolean {
    const { inbox, heirs, loading } = client;
    // Its time may have come since the last tick, or while the gateway was down.
    if (inbox === undefined && client.expiresAt <= now) {
      this.expired++;
      this.discard(client, { now, hub });
    }
    if (inbox === undefined && heirs === undefined && !loading) return true;
    (client.heirs ??= []).push(heir);
    if (loading) this.wanted(client);
    // The old connection may have gone without a word.
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

  /** Takes the session from its connection: the next one gets it, or it waits, or it ends. */
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

  /** Ends a session, but keeps its place for a connection that has it or waits for it. */
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

  /** A session goes on from where it was before a restart. */
  resume(client: Client): void {
    client.present = true;
    this.clients.set(client.name, client);
    this.#schedule(client);
  }

  /** The messages of a session that goes on are all here. */
  loaded(client: Client): void {
    client.loading = false;
    if (client.inbox === undefined) this.#summon(client);
  }

  /** A connection that waited for a session is gone. */
  withdraw(client: Client, heir: Inbox): void {
    dismiss(client, heir);
    if (client.inbox === undefined && !client.loading) this.#summon(client);
  }

  /** Publishes wills and ends sessions whose time has come. */
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

  /** Remembers when something is to be done for a session without a connection. */
  #schedule(client: Client): void {
    const due = Math.min(client.expiresAt, client.willAt);
    if (due === Infinity) {
      this.#away.delete(client);
      return;
    }
    this.#away.add(client);
    this.deadline = Math.min(this.deadline, due);
  }

  /** Tells the first who waits that the session is free; forgets it when it is empty and nobody waits. */
  #summon(client: Client): void {
    while (client.heirs !== undefined && !client.heirs[0]!.post(HANDOVER)) {
      dismiss(client, client.heirs[0]!);
    }
    if (client.heirs !== undefined || client.present) return;
    // Not a later session of the same name.
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
