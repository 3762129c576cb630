import type { Packet, Version } from "../../../../protocols/mqtt/packets/packet.ts";
import { cases311 } from "./codec_cases_311.ts";
import { cases5 } from "./codec_cases_5.ts";

/** One packet, as bytes and as a value. */
export interface Case {
  name: string;
  version: Version;
  hex: string;
  packet: Packet;
}

/** All of them. */
export const cases: Case[] = [...cases311, ...cases5];
