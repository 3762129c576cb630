import {
  BodyTransfer,
  type TransferOptions,
} from "../../../../protocols/coap/client/body_transfer.ts";
import { Message } from "../../../../protocols/coap/messages/codec.ts";
import { FakeDatagrams, PEER, request, type RequestParts } from "../fake_datagrams.ts";

/** A body of which no two parts are alike. */
export function body(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8) * 13);
}

/** Asks with as many blocks as that takes; all that was asked and answered, the whole answer last. */
export function transfer(
  stage: FakeDatagrams,
  code: number,
  uri: string,
  { from = PEER, ...parts }: RequestParts & Partial<TransferOptions> & { from?: string } = {},
): { answer: Message; messages: number } {
  const whole = request(code, uri, parts);
  const transfer = new BodyTransfer(
    whole,
    { maxBytes: 1 << 24, ...parts },
    () => Uint8Array.of(7),
  );
  for (let messages = 1;; messages++) {
    const { options, payload } = transfer.next();
    const { type, token } = whole;
    const [answer, ...others] = stage.ask(
      request(code, "", { type, token, options: [...options], payload }),
      from,
    );
    if (answer === undefined || others.length > 0) throw new Error("no answer, or several");
    const done = transfer.take(answer);
    if (done !== undefined) return { answer: done, messages };
  }
}
