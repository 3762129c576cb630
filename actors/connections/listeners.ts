import type { OpenDatagramSession, OpenSession } from "../../protocols/session.ts";
import type {
  Address,
  ByteStream,
  DatagramTransport,
  Transport,
} from "../../transports/transport.ts";
import type { Behaviour, Ref, Self } from "../actor.ts";
import type { Log } from "../log.ts";
import type { Space } from "../space/space.ts";
import { restartBackoff, type SpawnOptions, type Supervisor } from "../supervisor.ts";
import { AccessList } from "./access_list.ts";
import { Admission, admissionDefaults, type AdmissionLimits } from "./admission.ts";
import { connection } from "./connection.ts";
import { connectionDefaults, type ConnectionLimits } from "./connection_options.ts";
import { endpoint, endpointDefaults, type EndpointLimits } from "./endpoint.ts";
import { listener } from "./listener.ts";
import { SHUTDOWN } from "./shutdown.ts";

/**
 * One listener, as `Gateway.listen` gives it: where it is, and how to close it.
 *
 * @example Closing one listener while the rest goes on
 * ```ts
 * import { gateway, type Listening, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const door: Listening = hub.listen(tcp({ port: 0 }), mqtt(), { name: "door" });
 * const { port } = await door.ready;
 * door.close();
 * await assert.rejects(Deno.connect({ port }));
 * ```
 */
export interface Listening {
  /** What the log and `Gateway.tree` call it. */
  readonly name: string;
  /**
   * Where it listens, with the port that the system chose for port 0. Rejects when it cannot, with
   * an `Error` that names the address and the cause.
   */
  readonly ready: Promise<Address>;
  /** Stops accepting; connections go on. */
  close(): void;
}

/**
 * What one listener does differently from the others: its name, its limits, who may connect.
 *
 * @example A public port that admits fewer
 * ```ts
 * import { gateway, type ListenOptions, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: ListenOptions = { name: "public", limits: { maxConnectionsPerAddress: 4 } };
 * await using hub = gateway();
 * assert.equal(hub.listen(tcp({ port: 0 }), mqtt(), options).name, "public");
 * ```
 */
export interface ListenOptions {
  /**
   * What the log and `Gateway.tree` call it; default: the transport and a number, as in `tcp-1`.
   */
  name?: string;
  /** Its own limits, in place of the gateway's. */
  limits?: Partial<ListenLimits>;
  /**
   * Who may connect, by IP address, as in `-0.0.0.0/0,+192.168/16`: the last subnet that matches
   * decides, `+` for yes and `-` for no, and a peer that none matches may not. Without a list
   * everybody may.
   */
  access?: string;
}

/**
 * The limits of one listener, and of each connection that comes in through it. Each has its unit
 * and default at its name.
 *
 * @example Nobody gets in
 * ```ts
 * import { gateway, type ListenLimits, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<ListenLimits> = { maxConnections: 0 };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), mqtt(), { limits }).ready;
 * using client = await Deno.connect({ port });
 * assert.equal(await client.read(new Uint8Array(1)), null);
 * ```
 */
export type ListenLimits = AdmissionLimits & ConnectionLimits & EndpointLimits;

/** What listeners and their connections share. */
interface ListenersOptions {
  space: Space;
  log: Log;
  limits: Partial<ListenLimits>;
}

/** Mail that a connection may have unread; its publishers are held back at a fraction of it. */
const MAILBOX = 65_536;

/** All listeners and endpoints of a gateway, and everyone who came in through them. */
export class Listeners {
  readonly #root: Supervisor;
  readonly #options: ListenersOptions;
  readonly #supervisors: Supervisor[] = [];
  readonly #peers = new Set<Ref<unknown>>();
  #draining = false;
  #emptied = (): void => {};

  constructor(root: Supervisor, options: ListenersOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** Accepts connections, each an actor beside the listener and not below it. */
  streams(transport: Transport, open: OpenSession, own: ListenOptions = {}): Listening {
    const name = own.name ?? this.#nameFor(transport.name);
    const below = this.#supervise(name);
    const connections = below.supervise("connections");
    const { space, log } = this.#options;
    const limits = { ...connectionDefaults, ...this.#options.limits, ...own.limits };
    const admission = new Admission(
      { ...admissionDefaults, ...this.#options.limits, ...own.limits },
      space.clock,
      accessOf(own),
    );
    const driver = { open, listener: name, space, log, limits };
    const options = { kind: "connection", mailbox: MAILBOX };
    let count = 0;
    const accepted = (stream: ByteStream, ended: () => void) => {
      space.traffic.sockets++;
      const behaviour = connection(stream, driver);
      this.#meet(connections, `${name}#${++count}`, { behaviour, ended, options });
    };
    let isClosed = false;
    const start = async () => {
      const opened = await transport.listen(admission.admits);
      if (this.#draining || isClosed) opened.close();
      const door = { transport, opened, admission, clock: space.clock, log, accepted };
      below.spawn("listener", listener(door), { restart: "crash", kind: "listener" });
      return opened.address;
    };
    const close = () => {
      isClosed = true;
      below.stopChild("listener");
    };
    return { name, ready: start(), close };
  }

  /** Binds one socket, which is one actor for all of its peers. */
  datagrams(
    transport: DatagramTransport,
    open: OpenDatagramSession,
    own: ListenOptions = {},
  ): Listening {
    const name = own.name ?? this.#nameFor(transport.name);
    const below = this.#supervise(name);
    const { space, log } = this.#options;
    const limits = { ...endpointDefaults, ...this.#options.limits, ...own.limits };
    const access = accessOf(own);
    const shared = { transport, open, listener: name, space, log, limits, access };
    let isClosed = false;
    const start = async () => {
      const bound = await transport.bind();
      if (this.#draining || isClosed) bound.close();
      const behaviour = endpoint({ ...shared, bound });
      const options = { kind: "endpoint", restart: "crash", mailbox: MAILBOX } as const;
      this.#meet(below, "endpoint", { behaviour, options });
      return bound.address;
    };
    const close = () => {
      isClosed = true;
      below.stopChild("endpoint");
    };
    return { name, ready: start(), close };
  }

  /** Stops accepting, and resolves when everyone has left or `ms` have passed. */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    for (const below of this.#supervisors) below.stopChild("listener");
    if (this.#peers.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.space.clock.after(ms, resolve);
      this.#emptied = () => {
        cancel();
        resolve();
      };
      for (const peer of [...this.#peers]) peer.tell(SHUTDOWN);
    });
  }

  #nameFor(transport: string): string {
    return `${transport}-${this.#supervisors.length + 1}`;
  }

  /** Adds a number where another listener has this name: with port 0 two have the same URL. */
  #supervise(name: string): Supervisor {
    const others = this.#supervisors.filter((each) => each.name.replace(/ \d+$/, "") === name);
    const own = others.length === 0 ? name : `${name} ${others.length + 1}`;
    const below = this.#root.supervise(own, {
      // A supervisor that gave up would stop the connections too, which have done nothing wrong.
      maxRestarts: Infinity,
      // Longer than all pauses up to the longest, so that they do grow to it.
      windowMs: 60_000,
      backoff: restartBackoff,
    });
    this.#supervisors.push(below);
    return below;
  }

  /** Starts an actor that must hear of the shutdown. */
  #meet(
    supervisor: Supervisor,
    name: string,
    { behaviour, ended, options }: {
      behaviour: Behaviour<unknown>;
      ended?: () => void;
      options: SpawnOptions;
    },
  ): void {
    supervisor.spawn(name, (self) => {
      this.#enter(self, ended);
      return behaviour(self);
    }, options);
  }

  /** A function of its own, so that the deferred closure keeps nothing of `#meet` alive. */
  #enter(self: Self<unknown>, ended?: () => void): void {
    this.#peers.add(self);
    self.defer(() => {
      this.#peers.delete(self);
      ended?.();
      if (this.#peers.size === 0) this.#emptied();
    });
  }
}

function accessOf({ access }: ListenOptions): AccessList | undefined {
  return access === undefined ? undefined : new AccessList(access);
}
