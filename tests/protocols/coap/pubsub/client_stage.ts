import assert from "node:assert/strict";
import { ACK, Code } from "../../../../protocols/coap/messages/codec.ts";
import { brief, type FakeDatagrams, request } from "../fake_datagrams.ts";

/** The answer to a request, whatever else is sent because of it. */
export function ask(stage: FakeDatagrams, code: number, uri: string, from?: string): string {
  const asked = request(code, uri, { payload: code === Code.get ? "" : "1" });
  return brief(stage.ask(asked, from).find(({ type }) => type === ACK)!);
}

/** Connects a client in connection mode, and gives what has to be in each query from then on. */
export function connect(stage: FakeDatagrams, id: string, more = "", from?: string): string {
  const said = ask(stage, Code.post, `/mqtt/connection?clientid=${id}${more}`, from);
  const token = /^2\.01 ([0-9a-f]{32})$/.exec(said)?.[1];
  assert.ok(token, said);
  return `clientid=${id}&token=${token}`;
}
