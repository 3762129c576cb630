import { type Message, NON, NONE, type Option } from "../../protocols/coap/messages/codec.ts";
import { encodeOptions } from "../../protocols/coap/messages/option_bytes.ts";
import { decodeFrame, Signal } from "../../protocols/coap/stream/codec.ts";
import { StreamComposer } from "../../protocols/coap/stream/composer.ts";
import { Capabilities } from "../../protocols/coap/stream/signaling.ts";
import type { Stream } from "./mqtt_client.ts";
import { within } from "./patience.ts";

const everything = { maxMessageBytes: Infinity, maxOptions: 99 };

const capabilities = new Capabilities();
capabilities.maxMessageBytes = Infinity;
const composer = new StreamComposer(capabilities);

/** A client of CoAP over a stream that says what it is told to, one message after the other. */
export class CoapStream implements Disposable {
  readonly #stream: Stream;
  readonly #chunk = new Uint8Array(65_536);
  #unread = new Uint8Array(0);

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** A client over TCP on loopback, once both sides have said what they take. */
  static async dial(port: number): Promise<CoapStream> {
    const socket = await Deno.connect({ port, hostname: "127.0.0.1" });
    socket.setNoDelay(true);
    return await new CoapStream(socket).begin();
  }

  /** Says what it takes, and hears what the server does. */
  async begin(options: readonly Option[] = []): Promise<this> {
    await this.signal(Signal.csm, options);
    const first = await this.next();
    if (first?.code !== Signal.csm) throw new Error(`${first?.code} came in place of a CSM`);
    return this;
  }

  async signal(code: number, options: readonly Option[] = []): Promise<void> {
    await this.#write(code, NONE, options, NONE);
  }

  async send({ code, token, options, payload }: Message): Promise<void> {
    await this.#write(code, token, options, payload);
  }

  /** The next message; undefined when the stream ends before it. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const found = decodeFrame(this.#unread, everything);
      if (found !== undefined) {
        this.#unread = this.#unread.slice(found.used);
        return found.message;
      }
      const count = await within("a message", this.#stream.read(this.#chunk));
      if (count === null) return undefined;
      const all = new Uint8Array(this.#unread.length + count);
      all.set(this.#unread);
      all.set(this.#chunk.subarray(0, count), this.#unread.length);
      this.#unread = all;
    }
  }

  async ask(request: Message): Promise<Message> {
    await this.send(request);
    const answer = await this.next();
    if (answer === undefined) throw new Error("The end came in place of an answer");
    return answer;
  }

  [Symbol.dispose](): void {
    this.#stream.close();
  }

  async #write(
    code: number,
    token: Uint8Array,
    options: readonly Option[],
    payload: Uint8Array,
  ): Promise<void> {
    const body = { options: encodeOptions(options), payload };
    const bytes = composer.message(NON, code, 0, token, body).slice();
    for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
  }
}
