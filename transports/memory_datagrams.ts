import type { Address, DatagramPort, DatagramTransport } from "./transport.ts";

/** How datagrams in memory behave. */
interface MemoryDatagramOptions {
  /** How often a datagram arrives: 0 loses it, 2 doubles it. Default: once. */
  arrivals?: (bytes: Uint8Array, from: string, to: string) => number;
}

/** The limits of datagrams in memory. */
const defaults = {
  /** Datagrams that wait at a port; more are lost, as a kernel would lose them. */
  queue: 256,
};

/** A network within this process: every `bind` is one more port that all others can reach. */
export class MemoryDatagrams implements DatagramTransport {
  readonly name = "memory";
  readonly #ports = new Map<string, MemoryPort>();
  readonly #arrivals: (bytes: Uint8Array, from: string, to: string) => number;
  #bound = 0;

  constructor(options: MemoryDatagramOptions = {}) {
    this.#arrivals = options.arrivals ?? (() => 1);
  }

  bind(): DatagramPort {
    const address = { host: "memory", port: ++this.#bound };
    const name = `${address.host}:${address.port}`;
    const port = new MemoryPort(address, {
      send: (bytes, to) => {
        const times = this.#arrivals(bytes, name, to);
        for (let time = 0; time < times; time++) this.#ports.get(to)?.arrive(bytes, name);
      },
      closed: () => this.#ports.delete(name),
    });
    this.#ports.set(name, port);
    return port;
  }
}

/** Two ports, `memory:1` and `memory:2`, on a network of their own. */
export function memoryPorts(options?: MemoryDatagramOptions): [DatagramPort, DatagramPort] {
  const network = new MemoryDatagrams(options);
  return [network.bind(), network.bind()];
}

type Datagram = { bytes: Uint8Array; from: string };

class MemoryPort implements DatagramPort {
  #queue: Datagram[] = [];
  #receiving: ((datagram: Datagram | undefined) => void)[] = [];
  #closed = false;

  constructor(
    readonly address: Address,
    readonly network: { send(bytes: Uint8Array, to: string): void; closed(): void },
  ) {}

  arrive(bytes: Uint8Array, from: string): void {
    const datagram = { bytes: bytes.slice(), from };
    const receive = this.#receiving.shift();
    if (receive !== undefined) receive(datagram);
    else if (this.#queue.length < defaults.queue) this.#queue.push(datagram);
  }

  receive(): Promise<Datagram | undefined> {
    const next = this.#closed ? undefined : this.#queue.shift();
    if (next !== undefined || this.#closed) return Promise.resolve(next);
    return new Promise((resolve) => this.#receiving.push(resolve));
  }

  send(bytes: Uint8Array, to: string): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new Deno.errors.BadResource("Cannot send: the port is closed"));
    }
    this.network.send(bytes, to);
    return Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    this.network.closed();
    for (const receive of this.#receiving.splice(0)) receive(undefined);
  }
}
