import type { Client, ConnectOptions, Outgoing, Subscribing } from "../command/client/client.ts";
import { mqttClient } from "./mqtt_client.ts";
import type { ClientOptions, MqttClient } from "./npm_mqtt.d.ts";

/** The pause before a lost connection is made again, in milliseconds. */
const RETRY_MS = 1_000;
/** CONNACK codes that say "not this version": of MQTT 3.1.1, and of MQTT 5. */
const versionCodes = [1, 0x84];
const levels = { "5": 5, "3.1.1": 4, "3.1": 3 } as const;

/** Connects for a command; rejects when the first attempt fails, later ones are made by itself. */
export async function connectClient(options: ConnectOptions): Promise<Client> {
  const { version } = options;
  try {
    return await CommandClient.connect(options, levels[version ?? "5"]);
  } catch (error) {
    const code = (error as { code?: number }).code;
    if (version !== undefined || code === undefined || !versionCodes.includes(code)) throw error;
    return await CommandClient.connect(options, levels["3.1.1"]);
  }
}

class CommandClient implements Client {
  readonly #options: ConnectOptions;
  #client!: MqttClient;
  #error: Error | undefined;
  #subscribing: Subscribing | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  static async connect(options: ConnectOptions, level: 3 | 4 | 5): Promise<Client> {
    const self = new CommandClient(options);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const client = await mqttClient(options, packetOptions(options, level), (error) => {
      self.#error = error;
    });
    self.#listen(client);
    const connected = new Promise<void>((resolve) => client.once("connect", () => resolve()));
    const gone = () => failed.reject(self.#error ?? new Error("the server hung up"));
    client.once("close", gone);
    client.connect();
    try {
      await Promise.race([connected, failed.promise]);
    } catch (error) {
      await self.end();
      throw error;
    }
    client.off("close", gone);
    client.on("close", () => self.#lost());
    client.on("connect", () => self.#again());
    return self;
  }

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  #listen(client: MqttClient): void {
    this.#client = client;
    client.on("error", (error) => this.#error = error);
    client.on("disconnect", ({ reasonCode, properties }) => {
      const why = properties?.reasonString ?? `reason 0x${(reasonCode ?? 0).toString(16)}`;
      this.#error = new Error(`the server says goodbye: ${why}`);
    });
    client.on("message", (topic, payload, { retain }) => {
      this.#options.message({ topic, payload, retain });
    });
  }

  publish({ topic, payload, qos, retain, properties }: Outgoing): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null) => error ? reject(error) : resolve();
      this.#client.publish(topic, payload, { qos, retain, properties }, done);
    });
  }

  subscribe(subscribing: Subscribing): Promise<void> {
    this.#subscribing = subscribing;
    const { filters, qos, properties } = subscribing;
    return new Promise((resolve, reject) => {
      this.#client.subscribe([...filters], { qos, properties }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async end(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { connected, outgoing } = this.#client;
    const isIdle = Object.keys(outgoing).length === 0;
    await this.#client.endAsync(!connected || !isIdle);
  }

  #lost(): void {
    if (this.#isOver) return;
    this.#options.lost(this.#error ?? new Error("the server hung up"));
    this.#error = undefined;
    this.#timer = setTimeout(() => this.#client.connect(), RETRY_MS);
  }

  #again(): void {
    if (this.#subscribing === undefined) return;
    this.subscribe(this.#subscribing).catch((error) => this.#options.lost(error));
  }
}

function packetOptions(options: ConnectOptions, level: 3 | 4 | 5): ClientOptions {
  const { clientId, clean, keepAliveSeconds, username, password, will, properties } = options;
  const isFive = level === 5;
  return {
    protocolVersion: level,
    protocolId: level === 3 ? "MQIsdp" : "MQTT",
    clientId: clientId ?? (level === 3 ? `meerkat-${crypto.randomUUID().slice(-12)}` : ""),
    clean,
    keepalive: keepAliveSeconds,
    username,
    password,
    // What is not settled when the connection is lost is published on the next one.
    queueQoSZero: true,
    will: will && { ...will, properties: isFive ? will.properties : undefined },
    properties: isFive ? { ...properties } : undefined,
  };
}
