import type { Due } from "../../deadlines.ts";
import type { Guard } from "../../guard.ts";
import type { Identity } from "../../identity.ts";
import type { Presence } from "../../presence.ts";
import type { Clients } from "./clients.ts";
import type { Observation } from "../observation.ts";

/** What a client in connection mode is, from when it connects. */
interface Connected {
  id: string;
  /** Whoever knows it is this client. */
  token: string;
  /** Who logged in. */
  login: Identity;
  address: string;
  /** Who was told of it, and is told when it goes. */
  guard: Guard | undefined;
}

/** A client in connection mode. Who it is and what it observes do not hang on its address. */
export class Client implements Due {
  dueAt = Infinity;
  place = -1;
  readonly observations = new Set<Observation>();
  readonly id: string;
  readonly token: string;
  readonly login: Identity;
  readonly guard: Guard | undefined;
  /** The IP address that it came from first. */
  readonly host: string;
  /** Ends waiting for the end of its login. */
  unwatch: (() => void) | undefined = undefined;
  /** Who asks, from where it was heard last. */
  identity: Identity;

  constructor(readonly clients: Clients, { id, token, login, address, guard }: Connected) {
    this.id = id;
    this.token = token;
    this.login = login;
    this.guard = guard;
    this.host = address.slice(0, address.lastIndexOf(":"));
    this.identity = { ...login, address };
  }

  get address(): string {
    return this.identity.address;
  }

  /** It was heard from another address, which may be one that may do less. */
  move(address: string): void {
    this.identity = { ...this.login, address };
  }

  due(now: number): void {
    this.clients.end(this, now, "No heartbeat came in time");
  }
}

/** Who has which client identifier, whatever socket it came in through: one for the gateway. */
export class ClientIds {
  readonly taken = new Map<string, Client>();
  /** Told of clients that come and go. */
  moved: (id: string, presence: Presence) => void = () => {};
}
