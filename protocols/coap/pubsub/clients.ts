import { randomBytes, timingSafeEqual } from "node:crypto";
import { wordsOfEnd } from "../../grant.ts";
import { Broker } from "../../mqtt/broker/broker.ts";
import type { Hub } from "../../session.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import { keyOf } from "../exchange/peers.ts";
import { Answer, changed, deleted, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { parameter } from "../messages/query.ts";
import type { Request } from "../messages/request.ts";
import type { Observers } from "../observe/observers.ts";
import type { Origin } from "../origin.ts";
import { notAllowed } from "../topics/outcome.ts";
import { Client, ClientIds } from "./client.ts";

/** 1.5 intervals of silence, as for MQTT's Keep Alive (MQTT 5.0 §3.1.2.10) and in EMQX. */
const HEARTBEATS = 1.5;

/** 16 random bytes of a token, which nobody guesses. */
const TOKEN_BYTES = 16;

/** The paths for which `?token=` is ours; handlers may use one of their own. */
const ROOTS: readonly string[] = [".well-known", "ps", "topics", "pubsub", "mqtt"];

const encoder = new TextEncoder();

/**
 * Clients in connection mode, as in EMQX's CoAP gateway: `/mqtt/connection` gives out a token, and
 * a request with `?clientid=…&token=…` is from the client that it was given to.
 */
export class Clients {
  readonly #clients = new Map<string, Client>();
  readonly #ids: ClientIds;
  /** Clients by host. */
  readonly #hosts = new Map<string, number>();

  constructor(readonly hub: Hub, readonly layer: MessageLayer, readonly observers: Observers) {
    this.#ids = hub.shared(ClientIds);
  }

  get size(): number {
    return this.#clients.size;
  }

  /** The client that a request is from, if any; a refusal, when its token is wrong. */
  of(request: Request): Client | Answer | undefined {
    const { root, message } = request, token = parameter(request, "token");
    if (token === undefined || !ROOTS.includes(root)) return undefined;
    // A client that connects anew may still send its old token.
    if (root === "mqtt" && message.code === Code.post) return undefined;
    const id = parameter(request, "clientid") ?? "", client = this.#clients.get(id);
    if (client !== undefined && isSame(client.token, token)) return client;
    return refusal(
      Code.unauthorized,
      `No client "${id.slice(0, 32)}" is connected with this token: POST /mqtt/connection`,
    );
  }

  /** A client was heard. If its address is another one now, its observations move there. */
  heard(client: Client, address: string, now: number): void {
    const { deadlines, peers, limits } = this.layer;
    deadlines.set(client, now + limits.heartbeatMs * HEARTBEATS);
    if (keyOf(address) === keyOf(client.address)) return;
    client.move(address);
    this.hub.count("coap.client.moved");
    const peer = peers.open(address);
    for (const observation of client.observations) this.observers.move(observation, peer, now);
    peers.release(peer);
  }

  /** `/mqtt/connection`. */
  answer(request: Request, from: Origin): Answer {
    if (request.rest !== "connection") {
      return refusal(Code.notFound, "Only /mqtt/connection is here: topics are below /ps");
    }
    const { code } = request.message, { client, now } = from;
    if (code === Code.post) return this.#open(request, from);
    if (code !== Code.put && code !== Code.delete) return notAllowed("POST, PUT and DELETE");
    if (client === undefined) {
      return refusal(Code.badRequest, "Cannot tell who asks: clientid and token are needed");
    }
    // A PUT is a heartbeat: the client has been heard already.
    if (code === Code.put) return changed;
    this.end(client, now);
    return deleted;
  }

  /** Ends a client, and its observations: with a last notification, if there is a reason. */
  end(client: Client, now: number, reason?: string): void {
    if (this.#clients.get(client.id) !== client) return;
    this.#clients.delete(client.id);
    if (this.#ids.taken.get(client.id) === client) this.#ids.taken.delete(client.id);
    const others = this.#hosts.get(client.host)! - 1;
    if (others === 0) this.#hosts.delete(client.host);
    else this.#hosts.set(client.host, others);
    this.layer.deadlines.delete(client);
    client.unwatch?.();
    for (const observation of client.observations) {
      const { peer, token } = observation;
      this.observers.remove(observation, now);
      // Non-confirmable, because nobody may be there any more.
      if (reason !== undefined) {
        this.layer.send(peer, token, refusal(Code.unauthorized, reason));
      }
    }
    client.guard?.disconnected(client.login);
    if (!this.#ids.taken.has(client.id)) this.#ids.moved(client.id, "offline");
  }

  /** Ends all clients without notice. */
  clear(): void {
    for (const client of this.#clients.values()) this.end(client, 0);
  }

  #open(request: Request, { address, caller, now }: Origin): Answer {
    const { limits, deadlines } = this.layer;
    const id = parameter(request, "clientid");
    if (id === undefined || id === "") {
      return refusal(Code.badRequest, "Cannot connect: clientid is needed");
    }
    const login = caller?.identity ?? { ...this.hub.identity, clientId: id, address };
    const { user = login.user } = this.#ids.taken.get(id)?.login ?? {};
    // What is known by a name must not hang on the door (`%c` of a policy, presence).
    const byMqtt = this.hub.shared(Broker).clients.get(id);
    if (user !== login.user || (byMqtt?.present && byMqtt.user !== login.user)) {
      return refusal(Code.forbidden, "This clientid is in use by another user");
    }
    const token = randomBytes(TOKEN_BYTES).toString("hex");
    const client = new Client(this, { id, token, login, address, guard: caller?.guard });
    if (!this.#hasRoomFor(client)) {
      this.hub.count("coap.client.refused");
      return refusal(Code.unavailable, "Too many clients are connected already");
    }
    this.#supersede(id, now);
    this.#clients.set(id, client);
    this.#ids.taken.set(id, client);
    this.#hosts.set(client.host, (this.#hosts.get(client.host) ?? 0) + 1);
    deadlines.set(client, now + limits.heartbeatMs * HEARTBEATS);
    client.guard?.connected(login);
    client.unwatch = client.guard?.watch(login, (end, now) => {
      this.end(client, now, wordsOfEnd[end]);
    });
    this.#ids.moved(id, "online");
    return new Answer(Code.created, undefined, encoder.encode(token));
  }

  /** True when there is room, if only in place of a client with the same identifier. */
  #hasRoomFor({ id, host }: Client): boolean {
    const { maxClients, maxClientsPerHost } = this.layer.limits;
    const before = this.#clients.get(id), fromHost = this.#hosts.get(host) ?? 0;
    const others = before === undefined ? this.size : this.size - 1;
    const neighbours = before?.host === host ? fromHost - 1 : fromHost;
    return others < maxClients && neighbours < maxClientsPerHost;
  }

  /** Ends the client that had the same identifier before (as in MQTT 5.0 §3.1.4). */
  #supersede(id: string, now: number): void {
    const reason = "Another client has taken this clientid over";
    const before = this.#clients.get(id), client = this.#ids.taken.get(id);
    if (before !== undefined) this.end(before, now, reason);
    if (client === undefined || client === before) return;
    // It belongs to another socket, so it must be ended in a turn of that.
    this.#ids.taken.delete(id);
    const { clients } = client;
    clients.hub.self.post(() => clients.end(client, now, reason));
  }
}

function isSame(token: string, shown: string): boolean {
  const [one, other] = [encoder.encode(token), encoder.encode(shown)];
  return one.length === other.length && timingSafeEqual(one, other);
}
