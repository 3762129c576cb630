import { CON, Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../../protocols/coap/messages/options.ts";
import { readRequest, type Request } from "../../../../protocols/coap/messages/request.ts";
import { bytes, hex } from "../../fakes.ts";

/** A request for a path in its segments. */
export function segments(
  code: number,
  path: readonly string[],
  queries: readonly string[] = [],
  others: readonly Option[] = [],
): Message {
  const options = [
    ...path.map((each) => new Option(Options.uriPath, bytes(each))),
    ...queries.map((each) => new Option(Options.uriQuery, bytes(each))),
    ...others,
  ].sort((a, b) => a.number - b.number);
  return new Message(CON, code, 1, hex(""), options, hex(""));
}

/** A message as it is read. */
export function read(message: Message): Request {
  return readRequest(message) as Request;
}
