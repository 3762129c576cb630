import type { CoapLimits } from "../limits.ts";

/**
 * How CoAP is spoken in streams: the limits, and where clients are sent when the gateway stops.
 *
 * @example Clients go to another gateway, or come back after a minute
 * ```ts
 * import { coapStream, type CoapStreamOptions, gateway, MemoryTransport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CoapStreamOptions = { alternatives: ["b.example"], holdOffSeconds: 60 };
 * const hub = gateway(), memory = new MemoryTransport();
 * await hub.listen(memory, coapStream(options)).ready;
 * const client = memory.connect();
 * await client.write(Uint8Array.of(0x00, 0xe1, 0x00, 0xe2)); // CSM and Ping
 * const heard: number[] = [], chunk = new Uint8Array(64);
 * while (!heard.includes(0xe3)) heard.push(...chunk.subarray(0, (await client.read(chunk))!));
 * const stopped = hub.stop();
 * const [length, code] = chunk.subarray(0, (await client.read(chunk))!);
 * assert.deepEqual([length, code], [0xc0, 0xe4]); // Release, and twelve bytes of options
 * client.close();
 * await stopped;
 * ```
 */
export interface CoapStreamOptions extends Partial<CoapLimits> {
  /** Hosts to which clients may go instead, each with its port where that is not the usual one. */
  alternatives?: readonly string[];
  /** Seconds after a stop in which clients should not come back. */
  holdOffSeconds?: number;
}
