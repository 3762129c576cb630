import { Code, Message, NON, NONE } from "../../../../protocols/coap/messages/codec.ts";
import { encodeOptions, type Option } from "../../../../protocols/coap/messages/option_bytes.ts";
import { decodeFrame, Signal } from "../../../../protocols/coap/stream/codec.ts";
import { StreamComposer } from "../../../../protocols/coap/stream/composer.ts";
import type { CoapStreamOptions } from "../../../../protocols/coap/stream/options.ts";
import { coapStream } from "../../../../protocols/coap/stream/server.ts";
import { Capabilities } from "../../../../protocols/coap/stream/signaling.ts";
import type { OpenSession } from "../../../../protocols/session.ts";
import { FakeSpace, hex, Stage } from "../../fakes.ts";

const everything = new Capabilities();
everything.maxMessageBytes = Infinity;

/** The bytes of a message in a stream. */
export function frame({ code, token, options, payload }: Message): Uint8Array<ArrayBuffer> {
  const answer = { options: encodeOptions(options), payload };
  return new StreamComposer(everything).message(NON, code, 0, token, answer).slice();
}

/** The bytes of a signal. */
export function signal(
  code: number,
  options: readonly Option[] = [],
  token: Uint8Array = NONE,
): Uint8Array<ArrayBuffer> {
  return frame(new Message(NON, code, 0, token, options));
}

/** Every message in a stream. */
export function framesOf(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length;) {
    const found = decodeFrame(bytes.subarray(at), { maxMessageBytes: Infinity, maxOptions: 99 });
    if (found === undefined) throw new Error("half a message was sent");
    messages.push(found.message);
    at += found.used;
  }
  return messages;
}

/** One session over a stream, and its client. */
export class StreamStage extends Stage {
  constructor(options: CoapStreamOptions | OpenSession = {}, space: FakeSpace = new FakeSpace()) {
    super(typeof options === "function" ? options : coapStream(options), space);
  }

  /** Both sides have said what they take; the client 1,152 bytes unless `csm` says otherwise. */
  agree(csm = ""): this {
    this.feed(csm === "" ? signal(Signal.csm) : hex(csm));
    this.take();
    return this;
  }

  /** Every message sent since the last call. */
  takeMessages(): Message[] {
    return framesOf(this.take());
  }

  /** Feeds one message and returns what is sent because of it. */
  ask(message: Message): Message[] {
    this.take();
    this.feed(frame(message));
    return this.takeMessages();
  }

  /** Feeds one signal and returns the code of what is sent because of it. */
  tell(bytes: Uint8Array): string {
    this.take();
    this.feed(bytes);
    return this.takeMessages().map(({ code }) => nameOf(code)).join();
  }
}

function nameOf(code: number): string {
  const found = [...Object.entries(Signal), ...Object.entries(Code)].find(([, of]) => of === code);
  return found?.[0] ?? String(code);
}
