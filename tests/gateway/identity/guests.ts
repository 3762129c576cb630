import { type CoapClient, coapClient } from "../../../mod.ts";
import type { Hub } from "../../interop/listeners.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { within } from "../../interop/patience.ts";
import type { Identity } from "../../transports/tls/certificates.ts";

/** Where guests come in: the same doors, with TLS or without. */
export interface Entrance {
  /** Ports by protocol: `mqtt`, `http`, `coap`, and `coapTcp` where CoAP has two. */
  readonly ports: Readonly<Record<string, number | undefined>>;
  /** The authority of the server's certificate, where there is TLS. */
  readonly ca?: string;
  /** Where the ports are; default `localhost` by TLS and for CoAP, else `127.0.0.1`. */
  readonly hostname?: string;
}

/** What a guest shows. */
export interface Login {
  readonly user: string;
  readonly password?: string;
  readonly token?: string;
  /** Fields of HTTP that say it, in place of a password or a token. */
  readonly fields?: string;
  /** A certificate of TLS. */
  readonly certificate?: Identity;
}

/** Somebody who has come in to stay, and follows a topic. */
export interface Guest {
  readonly ears: Ears;
  /** What it was told when it had to go. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/** A way to come in and to stay. */
export type Door = (entrance: Entrance, topic: string, login: Login) => Promise<Guest>;

/** What somebody has heard so far. */
export class Ears {
  #text = "";
  #wake = Promise.withResolvers<void>();

  hear(text: string): void {
    this.#text += text;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  has(part: string): boolean {
    return this.#text.includes(part);
  }

  /** Resolves once this has been heard. */
  async until(part: string): Promise<void> {
    while (!this.has(part)) await within(`"${part}"`, this.#wake.promise);
  }
}

/** Opens a stream, with a certificate where the login is one. */
export function connect(
  { ca, hostname }: Entrance,
  { certificate }: Pick<Login, "certificate">,
  port: number,
): Promise<Deno.Conn> {
  return ca === undefined
    ? Deno.connect({ port, ...hostname !== undefined && { hostname } })
    : Deno.connectTls({ hostname: hostname ?? "localhost", port, caCerts: [ca], ...certificate });
}

/** The path of a topic; what begins with a slash is a path. */
export function pathOf(topic: string): string {
  return topic.startsWith("/") ? topic : `/topics/${topic}`;
}

/** The fields of a request that say who asks. */
function fieldsOf({ user, password, token, fields }: Login): string {
  if (fields !== undefined) return `Host: localhost\r\n${fields}\r\n`;
  const shown = token === undefined ? `Basic ${btoa(`${user}:${password}`)}` : `Bearer ${token}`;
  return `Host: localhost\r\nAuthorization: ${shown}\r\n`;
}

/** Asks by HTTP and listens until the end; `goodbye` is what to make of the last bytes. */
export async function ask(
  entrance: Entrance,
  login: Login,
  head: string,
  goodbye: (last: Uint8Array) => string,
): Promise<Guest> {
  const stream = await connect(entrance, login, entrance.ports.http!), ears = new Ears();
  await stream.write(new TextEncoder().encode(`GET ${head}\r\n`));
  const listen = async () => {
    let last = new Uint8Array();
    for await (const bytes of stream.readable) {
      last = bytes;
      ears.hear(new TextDecoder("latin1").decode(bytes));
    }
    return goodbye(last);
  };
  const ended = listen();
  await ears.until("\r\n\r\n");
  return { ended, ears, close: async () => void await ended };
}

/** Code and reason of a WebSocket's Close frame (RFC 6455 §5.5.1). */
function closeOf(frame: Uint8Array): string {
  if (frame[0] !== 0x88) return `no Close: ${frame}`;
  const view = new DataView(frame.buffer, frame.byteOffset);
  return `${view.getUint16(2)} ${new TextDecoder().decode(frame.subarray(4))}`;
}

function mqttDoor(version: 4 | 5): Door {
  return async (entrance, topic, login) => {
    const { user, password, token } = login;
    const stream = await connect(entrance, login, entrance.ports.mqtt!);
    const client = await MqttClient.connect(stream, {
      clientId: `${user} ${topic} ${version}`,
      version,
      username: user,
      password: new TextEncoder().encode(password ?? token),
    });
    return await follow(client, topic);
  };
}

/** A client of MQTT that has come in follows a topic. */
export async function follow(client: MqttClient, topic: string): Promise<Guest> {
  await client.subscribe(topic);
  const ears = new Ears();
  const listen = async () => {
    for (;;) {
      const packet = await Promise.race([client.next(), client.ended]).catch(() => undefined);
      if (packet === undefined) break;
      if (packet.type === "publish") ears.hear(new TextDecoder().decode(packet.payload));
    }
    const last = client.packets.at(-1);
    return last?.type === "disconnect"
      ? `0x${last.reason.toString(16)} ${last.properties?.reasonString}`
      : "closed";
  };
  const ended = listen();
  return {
    ended,
    ears,
    async close() {
      client.close();
      await client.ended;
    },
  };
}

function coapDoor(protocol: string, port: "coap" | "coapTcp"): Door {
  return async ({ ports, ca, hostname = "localhost" }, topic, login) => {
    const { user, password, token, certificate } = login;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const client = coapClient(`${protocol}://${host}:${ports[port]}`, {
      ...ca !== undefined && { tls: { ca, ...certificate } },
      ...password !== undefined && { username: user, password },
    });
    const query = token === undefined ? "" : `?access_token=${token}`;
    return await observe(client, `${pathOf(topic)}${query}`);
  };
}

/** A client of CoAP observes a path. */
export async function observe(client: CoapClient, path: string): Promise<Guest> {
  const ears = new Ears(), begun = Promise.withResolvers<void>();
  const listen = async () => {
    let last = "";
    for await (const answer of client.observe(path)) {
      begun.resolve();
      ears.hear(last = `${answer.code} ${answer.text()}`);
    }
    return last;
  };
  const ended = listen().catch((error) => String(error));
  await Promise.race([begun.promise, ended]);
  return { ended, ears, close: () => client.close() };
}

const doors = {
  "MQTT 5": mqttDoor(5),
  "MQTT 3.1.1": mqttDoor(4),
  WebSocket: (entrance, topic, login) =>
    ask(
      entrance,
      login,
      `${pathOf(topic)} HTTP/1.1\r\n${fieldsOf(login)}Upgrade: websocket\r\n` +
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      closeOf,
    ),
  "server-sent events": (entrance, topic, login) =>
    ask(
      entrance,
      login,
      `${pathOf(topic)} HTTP/1.1\r\n${fieldsOf(login)}Accept: text/event-stream\r\n`,
      () => "end",
    ),
} satisfies Record<string, Door>;

/** Each way to stay, without TLS. */
export const plainDoors: Readonly<Record<string, Door>> = {
  ...doors,
  CoAP: coapDoor("coap", "coap"),
  "CoAP over TCP": coapDoor("coap+tcp", "coapTcp"),
};

/** Each way to stay, with TLS. */
export const secureDoors: Readonly<Record<string, Door>> = {
  ...doors,
  "CoAP over TLS": coapDoor("coaps+tcp", "coap"),
};

/** A connection of HTTP that is kept alive. */
export async function keptAlive(entrance: Entrance, topic: string, login: Login) {
  const stream = await connect(entrance, login, entrance.ports.http!);
  return {
    /** The status of one more request. */
    async ask(): Promise<number> {
      const request = `GET /topics/${topic} HTTP/1.1\r\n${fieldsOf(login)}\r\n`;
      await stream.write(new TextEncoder().encode(request));
      const into = new Uint8Array(4_096), read = await stream.read(into);
      return Number(new TextDecoder().decode(into.subarray(9, Math.min(12, read ?? 0))));
    },
    close: () => stream.close(),
  };
}

/** What each protocol says to whoever is not known any more. */
export const goodbyes: Record<string, string> = {
  "MQTT 5": "0x98 The login has been revoked",
  "MQTT 3.1.1": "closed",
  WebSocket: "1008 The login has been revoked",
  "server-sent events": "end",
  CoAP: "4.01 The login has been revoked",
  "CoAP over TCP": "4.01 The login has been revoked",
  "CoAP over TLS": "4.01 The login has been revoked",
};

/** The gateway stops, and its guests leave. */
export async function leave(
  hub: Hub,
  ...guests: (readonly [name: string, Guest])[]
): Promise<void> {
  await hub.stop({ drainMs: 0 });
  for (const [, guest] of guests) await guest.close();
}
