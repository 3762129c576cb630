import { frameHeader, FrameReader, upgradeRequest } from "./frames.ts";
import { connectPacket, type OnPacket, PacketReader, type Version } from "./packets.ts";

/** Where and how to connect. */
export interface ClientOptions {
  hostname: string;
  port: number;
  clientId: string;
  webSocket?: boolean;
  version?: Version;
  /** How much is read at a time: an idle client needs little. */
  readBytes?: number;
  /** Everything after CONNACK. */
  onPacket?: OnPacket;
  /** What was emitted has left. */
  onDrained?: () => void;
}

/** One MQTT connection: joins what it is given into one write, and has one write under way. */
export class Client {
  #stream: Deno.TcpConn;
  #options: ClientOptions;
  #filling = new Uint8Array(65536);
  #leaving = new Uint8Array(65536);
  #used = 0;
  #writing = false;
  #open = true;
  #accepted = false;

  /** Connects; resolves when the server has accepted the client. */
  static async open(options: ClientOptions): Promise<Client> {
    const stream = await Deno.connect({ hostname: options.hostname, port: options.port });
    stream.setNoDelay(true);
    const client = new Client(stream, options);
    await new Promise<void>((resolve, reject) => client.#begin(resolve, reject));
    return client;
  }

  constructor(stream: Deno.TcpConn, options: ClientOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** False once the server has hung up. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Bytes that wait for the write under way. */
  get waiting(): number {
    return this.#used;
  }

  /** Queues one packet; `flush` sends it. */
  emit(packet: Uint8Array): void {
    if (this.#options.webSocket) this.#put(frameHeader(packet.length));
    this.#put(packet);
  }

  /** Writes what was emitted, unless a write is under way: then that one goes on with it. */
  flush(): void {
    if (this.#writing || this.#used === 0) return;
    this.#writing = true;
    this.#write();
  }

  close(): void {
    if (this.#open) this.#stream.close();
    this.#open = false;
  }

  async #write(): Promise<void> {
    while (this.#used > 0) {
      const bytes = this.#filling.subarray(0, this.#used);
      [this.#filling, this.#leaving] = [this.#leaving, this.#filling];
      this.#used = 0;
      if (!(await this.#writeAll(bytes))) return;
      if (this.#accepted) this.#options.onDrained?.();
    }
    this.#writing = false;
  }

  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
      return true;
    } catch {
      // The server hung up, which reading finds out as well.
      return this.#open = false;
    }
  }

  #put(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#filling.length) {
      const larger = new Uint8Array(2 * (this.#used + bytes.length));
      larger.set(this.#filling.subarray(0, this.#used));
      this.#filling = larger;
    }
    this.#filling.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #begin(accepted: () => void, refused: (error: Error) => void): void {
    const { clientId, webSocket, version, onPacket } = this.#options;
    const packets = new PacketReader((first, bytes, from, to) => {
      if (this.#accepted) return onPacket?.(first, bytes, from, to);
      if (first !== 0x20 || bytes[from + 1] !== 0) {
        return refused(new Error(`CONNACK refused ${bytes[from + 1]}`));
      }
      this.#accepted = true;
      accepted();
    });
    const connect = () => {
      this.emit(connectPacket(clientId, version));
      this.flush();
    };
    if (webSocket) {
      const frames = new FrameReader(connect, (payload) => packets.push(payload));
      this.#put(upgradeRequest);
      this.flush();
      this.#read((chunk) => frames.push(chunk)).catch(refused);
    } else {
      connect();
      this.#read((chunk) => packets.push(chunk)).catch(refused);
    }
  }

  async #read(take: (chunk: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(this.#options.readBytes ?? 1 << 18);
    try {
      for (;;) {
        const count = await this.#stream.read(buffer);
        if (count === null) throw new Error("Closed by the server");
        take(buffer.subarray(0, count));
        this.flush();
      }
    } finally {
      this.#open = false;
    }
  }
}
