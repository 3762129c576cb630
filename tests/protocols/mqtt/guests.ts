import assert from "node:assert/strict";
import type { Hooks } from "../../../actors/hooks/hooks.ts";
import type { Connack, Connect, Packet, Version } from "../../../protocols/mqtt/packets/packet.ts";
import type { FakeSpace } from "../fakes.ts";
import { hook, type Hooked } from "../hooked.ts";
import { shown, Talk } from "./talk.ts";

/** A client, and the hooks that decide about it. */
export interface Options extends Partial<Connect> {
  hooks: Hooks;
  version?: Version;
  space?: FakeSpace;
}

/** A client that has sent its CONNECT to a gateway with hooks. */
export function connecting(options: Options): Talk & { hooked: Hooked } {
  const { hooks, space, ...rest } = options;
  const talk = new Talk({ space, version: rest.version });
  const hooked = hook(talk.stage, hooks);
  talk.connect({ clientId: "c", ...rest });
  return Object.assign(talk, { hooked });
}

/** The same, let in. */
export function online(options: Options): Talk {
  const talk = connecting(options);
  assert.equal((talk.hearOne() as Connack).reason, 0);
  return talk;
}

/** A packet without what is not of interest. */
export function brief(packet: Packet): string {
  if (packet.type === "suback") return `suback ${packet.reasons.map(inHex).join(" ")}`;
  if ("reason" in packet) return `${packet.type} ${inHex(packet.reason)}`;
  return shown(packet);
}

function inHex(reason: number): string {
  return reason.toString(16).padStart(2, "0");
}
