// Plain WebSockets for `deno task bench`: an echo of small messages, or one message to many.
//   websocket_load echo|fanout PORT CLIENTS SECONDS
import { FrameReader } from "./frames.ts";

const PAYLOAD = 64;
/** Messages of the sender that are under way to all receivers. */
const BURST = 20;
/** Messages of each client that are under way to the echo and back: one would measure this program. */
const OUTSTANDING = 4;
const WARM = 0.3;

const [mode = "echo", port = "0", clients = "64", seconds = "2"] = Deno.args;
const request = new TextEncoder().encode(
  `GET /${mode === "echo" ? "echo" : "topics/bench"} HTTP/1.1\r\nHost: localhost\r\n` +
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: bWVlcmthdCBpcyBxdWljaw==\r\n" +
    "Sec-WebSocket-Version: 13\r\n\r\n",
);

/** A masked binary frame, as every client sends it. */
const frame = new Uint8Array(6 + PAYLOAD).fill(0x5a);
frame.set([0x82, 0x80 | PAYLOAD, 0x11, 0x22, 0x33, 0x44]);
const burst = new Uint8Array(BURST * frame.length);
for (let at = 0; at < burst.length; at += frame.length) burst.set(frame, at);

let heard = 0;

class Client {
  readonly #stream: Deno.TcpConn;
  readonly ready: Promise<void>;
  onData: () => void = () => {};

  constructor(stream: Deno.TcpConn) {
    this.#stream = stream;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    const reader = new FrameReader(resolve, () => {
      heard++;
      this.onData();
    });
    this.#read(reader);
    this.send(request);
  }

  static async open(): Promise<Client> {
    const stream = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    stream.setNoDelay(true);
    const client = new Client(stream);
    await client.ready;
    return client;
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
  }

  async #read(reader: FrameReader): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    for (;;) {
      const count = await this.#stream.read(buffer);
      if (count === null) throw new Error("The server hung up");
      reader.push(buffer.subarray(0, count));
    }
  }
}

const all: Client[] = [];
for (let each = 0; each < Number(clients); each++) all.push(await Client.open());
if (mode === "echo") {
  const messages = burst.subarray(0, OUTSTANDING * frame.length);
  for (const client of all) {
    let back = 0;
    client.onData = () => {
      if (++back % OUTSTANDING === 0) client.send(messages);
    };
    client.send(messages);
  }
} else {
  let due = heard + BURST * all.length;
  const sender = all[0]!;
  for (const client of all) {
    client.onData = () => {
      if (heard < due) return;
      due += BURST * all.length;
      sender.send(burst);
    };
  }
  due = heard + BURST * all.length;
  sender.send(burst);
}
await new Promise((resolve) => setTimeout(resolve, WARM * 1000));
const before = heard, from = performance.now();
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
const rate = (heard - before) * 1000 / (performance.now() - from);
console.log(JSON.stringify({ rate: Math.round(rate) }));
Deno.exit(0);
