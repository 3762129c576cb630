import { coap, type CoapLimits, type Gateway } from "../../../mod.ts";
import {
  ACK,
  Code,
  CON,
  decode,
  encode,
  Message,
  Option,
} from "../../../protocols/coap/messages/codec.ts";
import { Options, uintOf } from "../../../protocols/coap/messages/options.ts";
import { MemoryDatagrams } from "../../../transports/memory_datagrams.ts";
import type { DatagramPort, DatagramTransport } from "../../../transports/transport.ts";
import { brief, request, type RequestParts, valueOf } from "../../protocols/coap/fake_datagrams.ts";
import { bytes, hex } from "../../protocols/fakes.ts";

/** The options of whoever observes. */
export const observe: Option[] = [new Option(Options.observe, hex(""))];

/** A CoAP client of a gateway, in memory unless there is a network: it sends what it is told, and acknowledges what it must. */
export class Probe implements Disposable {
  /** Everything received, empty acknowledgements too. */
  readonly heard: Message[] = [];
  #tokens = 0;

  constructor(readonly port: DatagramPort, readonly to: string) {}

  static async open(
    hub: Gateway,
    limits?: Partial<CoapLimits>,
    network: DatagramTransport = new MemoryDatagrams(),
  ): Promise<Probe> {
    const { host, port } = await hub.listen(network, coap(limits)).ready;
    return new Probe(await network.bind(), `${host}:${port}`);
  }

  /** Sends a request and waits for its answer. */
  async ask(code: number, uri: string, parts: RequestParts = {}): Promise<Message> {
    const token = parts.token ?? Uint8Array.of(++this.#tokens);
    const message = request(code, uri, { ...parts, token });
    await this.port.send(encode(message), this.to);
    return await this.next(message.token);
  }

  /** The next message with a token. */
  async next(token: Uint8Array): Promise<Message> {
    for (;;) {
      const message = await this.receive();
      if (message.code !== Code.empty && message.token.join() === token.join()) return message;
    }
  }

  /** Registers an observer with a token of its own, and answers with what comes first. */
  follow(uri: string, token: string, options = observe): Promise<Message> {
    return this.ask(Code.get, uri, { options, token: bytes(token) });
  }

  /** The next notification in short, with its sequence number. */
  async news(token: string): Promise<[string, number | undefined]> {
    const message = await this.next(bytes(token));
    const sequence = valueOf(message, Options.observe);
    return [brief(message), sequence && uintOf(sequence)];
  }

  /** The next message, which is acknowledged if it asks for that. */
  async receive(): Promise<Message> {
    const datagram = await this.port.receive();
    if (datagram === undefined) throw new Error("The port is closed");
    const message = decode(datagram.bytes, 64);
    this.heard.push(message);
    if (message.type === CON) {
      await this.port.send(encode(new Message(ACK, Code.empty, message.id)), this.to);
    }
    return message;
  }

  /** The answer to a request in short: `2.05 text`, with `CON ` before a separate one. */
  async brief(code: number, uri: string, options: Option[] = [], payload = ""): Promise<string> {
    return brief(await this.ask(code, uri, { options, payload }));
  }

  [Symbol.dispose](): void {
    this.port.close();
  }
}
