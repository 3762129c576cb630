import type { AuthMethod } from "./authentication.ts";
import type { MqttLimits } from "./limits.ts";

/**
 * How MQTT is spoken on a listener.
 *
 * @example Sensors of one family, and only the newest value of each topic for whoever is behind
 * ```ts
 * import { gateway, mqtt, tcp } from "@meerkat/gateway";
 *
 * await using hub = gateway();
 * hub.listen(
 *   tcp({ port: 0 }),
 *   mqtt({ clientIdPattern: /sensor-\d+/, queuePolicy: "conflate", maxMessagesPerSecond: 100 }),
 * );
 * ```
 */
export interface MqttOptions extends MqttLimits {
  /** What client identifiers must look like from end to end; those that the server assigns are exempt. */
  clientIdPattern?: RegExp | undefined;
  /** Refuse payloads that are said to be UTF-8 and are not; default false. */
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

/** Where clients shall go instead (MQTT 5.0 §4.11). */
export interface ServerReference {
  /** Names of servers, each with a port where it is not the usual one, separated by spaces. */
  server: string;
  /** True when clients shall go there from now on, and not only this time. */
  permanent?: boolean;
}
