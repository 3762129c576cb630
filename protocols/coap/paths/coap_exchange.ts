import type { Decided } from "../../guard.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import type { Request } from "../messages/request.ts";
import { type CoapRequest, ReadRequest } from "./coap_request.ts";
import { type CoapResponse, encodeResponse } from "./coap_response.ts";
import type { Asker } from "./http_exchange.ts";

/** One request and its answer, as the handler of a resource sees them, from any actor. */
export class CoapExchange {
  readonly request: CoapRequest;
  #isAnswered = false;

  constructor(
    readonly asked: Request,
    readonly asker: Asker,
    readonly decided: Decided<Answer>,
  ) {
    this.request = new ReadRequest(asked);
  }

  /** Answers. Throws a `TypeError`, and answers nothing, when the response cannot be sent. */
  respond(response: CoapResponse): void {
    this.#answer(encodeResponse(response, this.asked, this.asker.maxBytes));
  }

  /** The handler has crashed. */
  fail(): void {
    this.#answer(refusal(Code.internal, "The handler of this path failed"));
  }

  #answer(answer: Answer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.asker.inbox.post((now: number) => this.decided(answer, now));
  }
}
