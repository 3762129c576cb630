import type { Due } from "../../deadlines.ts";
import type { Guard } from "../../guard.ts";
import type { Identity } from "../../identity.ts";
import type { Presence } from "../../presence.ts";
import type { Observation } from "../observe/observation.ts";
import type { Clients } from "./clients.ts";

/** What is known of a client in connection mode when it connects. */
interface Connected {
  id: string;
  /** The secret by which requests show that they are from this client. */
  token: string;
  /** The identity that it logged in with. */
  login: Identity;
  address: string;
  /** The hooks that were told of it, and are told when it goes. */
  guard: Guard | undefined;
}

/** A client in connection mode, which stays the same client when its address changes. */
export class Client implements Due {
  dueAt = Infinity;
  place = -1;
  readonly observations = new Set<Observation>();
  readonly id: string;
  readonly token: string;
  readonly login: Identity;
  readonly guard: Guard | undefined;
  /** The IP address from which it connected. */
  readonly host: string;
  /** Stops watching for the end of its login. */
  unwatch: (() => void) | undefined = undefined;
  /** Its identity, with the address from which it was heard last. */
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

  /** It was heard from another address, for which rules may differ. */
  move(address: string): void {
    this.identity = { ...this.login, address };
  }

  due(now: number): void {
    this.clients.end(this, now, "No heartbeat came in time");
  }
}

/** The clients by identifier, through whatever sockets. A gateway has one of these. */
export class ClientIds {
  readonly taken = new Map<string, Client>();
  /** Called when a client comes or goes. */
  moved: (id: string, presence: Presence) => void = () => {};
}
