import type { Due } from "../deadlines.ts";
import type { Identity } from "../identity.ts";
import type { Clients } from "./clients.ts";
import type { Observation } from "./observation.ts";

/** A client in connection mode. Who it is and what it observes do not hang on its address. */
export class Client implements Due {
  dueAt = Infinity;
  place = -1;
  readonly observations = new Set<Observation>();
  /** The IP address that it came from first. */
  readonly host: string;
  /** Who asks now. */
  identity: Identity;

  constructor(
    readonly clients: Clients,
    readonly id: string,
    /** Whoever knows it is this client. */
    readonly token: string,
    /** Who logged in. */
    readonly login: Identity,
    address: string,
  ) {
    this.identity = { ...login, address };
    this.host = address.slice(0, address.lastIndexOf(":"));
  }

  /** Where it was heard last. */
  get address(): string {
    return this.identity.address;
  }

  /** It was heard from another address, which may be one that may do less. */
  move(address: string): void {
    this.identity = { ...this.login, address };
  }

  /** When it has to be heard again, or its login ends. */
  silentUntil(now: number, silenceMs: number): number {
    return Math.min(now + silenceMs, this.identity.expires ?? Infinity);
  }

  due(now: number): void {
    const { expires = Infinity } = this.identity;
    const reason = expires <= now ? "The login has expired" : "No heartbeat came in time";
    this.clients.end(this, now, reason);
  }
}

/** Who has which client identifier, whatever socket it came in through: one for the gateway. */
export class ClientIds {
  readonly taken = new Map<string, Client>();
}
