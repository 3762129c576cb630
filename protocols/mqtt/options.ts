import type { AuthMethod } from "./authentication.ts";
import type { MqttLimits } from "./limits.ts";

/**
 * How MQTT is spoken on a listener.
 *
 * @example Sensors of one family
 * ```ts
 * import { gateway, mqtt, type MqttOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: Partial<MqttOptions> = { clientIdPattern: /sensor-\d+/ };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), mqtt(options)).ready;
 * using client = await Deno.connect({ port });
 * const MQTT = [0, 4, 0x4d, 0x51, 0x54, 0x54];
 * await client.write(Uint8Array.of(0x10, 13, ...MQTT, 4, 2, 0, 60, 0, 1, 0x78)); // as "x"
 * const answer = new Uint8Array(4);
 * await client.read(answer);
 * assert.deepEqual([...answer], [0x20, 2, 0, 2]); // CONNACK: identifier rejected
 * ```
 */
export interface MqttOptions extends MqttLimits {
  /** What clients' own identifiers must match from end to end. */
  clientIdPattern?: RegExp | undefined;
  /** True to refuse payloads that are said to be UTF-8 and are not; default false. */
  checkPayloadFormat?: boolean | undefined;
  /**
   * The start of response topics, told to MQTT 5 clients that ask for it;
   * `{client}` stands for the client identifier and `{user}` for the user name.
   */
  responseInformation?: string | undefined;
  /** Sends every client elsewhere instead of letting it in. */
  serverReference?: ServerReference | undefined;
  /** Ways in which MQTT 5 clients may prove who they are (MQTT 5.0 §4.12). */
  authMethods?: readonly AuthMethod[] | undefined;
}

/**
 * Where clients shall go instead (MQTT 5.0 §4.11).
 *
 * @example A broker that has moved
 * ```ts
 * import { mqtt, type ServerReference } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const serverReference: ServerReference = { server: "new.example:1883", permanent: true };
 * assert.equal(typeof mqtt({ serverReference }), "function");
 * ```
 */
export interface ServerReference {
  /** Names of servers, each with a port where it is not the usual one, separated by spaces. */
  server: string;
  /** True when clients shall go there from now on, and not only this time. */
  permanent?: boolean;
}
