import assert from "node:assert/strict";
import { gateway, http, Log, mqtt, tcp } from "../../../mod.ts";
import type { Hub } from "../../interop/listeners.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";
import { type OpenWebSocket, openWebSocket } from "../../interop/websocket.ts";

const TOPIC = "neighbours/talk";

/** Clients on listeners of their own, whom nothing that befalls others may disturb. */
export class Neighbours implements AsyncDisposable {
  #said = 0;

  constructor(
    readonly hub: Hub,
    readonly client: MqttClient,
    readonly page: OpenWebSocket,
    /** Where both came in. */
    readonly ports: { mqtt: number; http: number },
  ) {}

  static async of(hub: Hub): Promise<Neighbours> {
    const first = await hub.listen(tcp({ port: 0 }), mqtt(), { name: "quiet mqtt" }).ready;
    const second = await hub.listen(tcp({ port: 0 }), http(), { name: "quiet http" }).ready;
    const client = await dialMqtt(first.port, { clientId: "neighbour" });
    await client.subscribe(TOPIC, 1);
    const page = await openWebSocket(`ws://127.0.0.1:${second.port}/topics/${TOPIC}`);
    return new Neighbours(hub, client, page, { mqtt: first.port, http: second.port });
  }

  /** Fails unless both get, on the connections they began with, exactly what is published now. */
  async areWell(): Promise<void> {
    const text = `message ${++this.#said}`;
    assert.equal(this.hub.publish(TOPIC, text), "accepted");
    assert.equal(await this.client.nextText(), text);
    const heard = await this.page.received(this.#said);
    assert.equal(new TextDecoder().decode(heard.at(-1)), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    this.page.socket.close();
    await this.page.closed;
  }
}

/** A gateway with neighbours, and the errors in its log without their times. */
export interface Scene extends AsyncDisposable {
  readonly hub: Hub;
  readonly neighbours: Neighbours;
  readonly errors: string[];
}

export async function scene(): Promise<Scene> {
  const errors: string[] = [];
  const log = new Log({ level: "error", sink: (line) => errors.push(line.replace(/^\S+ /, "")) });
  const hub = gateway({ log });
  const neighbours = await Neighbours.of(hub);
  return {
    hub,
    neighbours,
    errors,
    async [Symbol.asyncDispose]() {
      await neighbours[Symbol.asyncDispose]();
      await hub.stop({ drainMs: 0 });
    },
  };
}
