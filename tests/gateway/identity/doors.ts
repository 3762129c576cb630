import { authenticators, gateway, jwt, policy } from "../../../mod.ts";
import { folder, secret, token } from "../../actors/identity/people.ts";
import { Child } from "../../interop/child.ts";
import { type Hub, listenToAll } from "../../interop/listeners.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { program } from "../../interop/programs.ts";
import type { Ports } from "../../interop/publishers.ts";
import { UserFile } from "./user_file.ts";

/** "secret", as mosquitto_passwd hashed it. */
export const hash =
  "$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCxW/Rl" +
  "Kl3DLncb1pIhBl3EdL0J9wrMNQ==";

/** What a client shows. */
export interface Shown {
  readonly password?: string;
  readonly token?: string;
}

/** What clients show, by what is the matter with it. */
export const shown = {
  right: { password: "secret" },
  "right token": { token: token({ sub: "ann" }) },
  wrong: { password: "guess" },
  "wrong token": { token: token({ sub: "ann" }, { alg: "HS256" }, "x".repeat(32)) },
  missing: {},
  expired: { token: token({ sub: "ann", exp: 1_000 }) },
  revoked: { password: "secret" },
} as const satisfies Record<string, Shown>;

/** What the gateways of these tests know of ann, and of bob, whom nothing happens to. */
export const users = { both: `ann:${hash}\nbob:${hash}\n`, bob: `bob:${hash}\n` };

/** Everybody may use topics of his own. */
export const own = policy({ rules: [{ allow: ["publish", "subscribe"], topics: ["home/%u/#"] }] });

/** A gateway that knows ann and bob, and lets them into their own topics. */
export class House implements AsyncDisposable {
  private constructor(
    readonly hub: Hub,
    readonly ports: Ports,
    readonly path: string,
    readonly users: UserFile,
  ) {}

  static async open({ hasPolicy = true } = {}): Promise<House> {
    const { path } = await folder();
    const file = `${path}/users`;
    await Deno.writeTextFile(file, users.both);
    const hub = gateway(), known = new UserFile(file);
    hub.use(authenticators([jwt({ secret }), known.authenticator]));
    if (hasPolicy) hub.use(own);
    return new House(hub, await listenToAll(hub), path, known);
  }

  /** Ann is no user any more. */
  async revoke(): Promise<void> {
    await this.users.change(users.bob);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.stop();
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Publishes to a topic, or opens it; what the answer says. */
export type Door = (ports: Ports, topic: string, shown: Shown) => Promise<string>;

/** Each protocol's way in. */
export const doors: Record<string, Door> = {
  async http({ http }, topic, { password, token }) {
    const headers: Record<string, string> = {};
    if (password !== undefined) headers.authorization = `Basic ${btoa(`ann:${password}`)}`;
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const request = { method: "PUT", body: "1", headers };
    const answer = await fetch(`http://127.0.0.1:${http}/topics/${topic}`, request);
    await answer.text();
    return String(answer.status);
  },
  async websocket({ http }, topic, { password, token }) {
    using stream = await Deno.connect({ port: http });
    const login = password === undefined
      ? ""
      : `Authorization: Basic ${btoa(`ann:${password}`)}\r\n`;
    const query = token === undefined ? "" : `?access_token=${token}`;
    await stream.write(new TextEncoder().encode(
      `GET /topics/${topic}${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${login}` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    const into = new Uint8Array(64);
    await stream.read(into);
    return new TextDecoder().decode(into).slice(9, 12);
  },
  async mqtt({ mqtt }, topic, { password, token }) {
    const stream = await Deno.connect({ port: mqtt });
    const client = new MqttClient(stream, 5), said = password ?? token;
    const login = said === undefined
      ? {}
      : { username: "ann", password: new TextEncoder().encode(said) };
    const { reason } = await client.introduce({ clientId: "c", version: 5, ...login });
    let found = reason;
    if (reason === 0) {
      await client.send({
        type: "publish",
        topic,
        payload: Uint8Array.of(49),
        qos: 1,
        retain: false,
        dup: false,
        properties: undefined,
        packetId: 1,
      });
      found = (await client.next() as { reason: number }).reason;
    }
    client.close();
    await client.ended;
    return `0x${found.toString(16)}`;
  },
  coap: coapClient(({ coap }) => `coap://127.0.0.1:${coap}`),
  coapTcp: coapClient(({ coapTcp }) => `coap+tcp://127.0.0.1:${coapTcp}`),
};

function coapClient(base: (ports: Ports) => string): Door {
  return async (ports, topic, { password, token }) => {
    const login = password === undefined
      ? token && `?access_token=${token}`
      : `?u=ann&p=${password}`;
    const url = `${base(ports)}/topics/${topic}${login ?? ""}`;
    await using child = new Child(program("coap-client"), ["-m", "put", "-e", "1", url]);
    await child.closeInput();
    const { stderr, stdout } = await child.ended();
    return /\d\.\d\d/.exec(stderr + new TextDecoder().decode(stdout))?.[0] ?? "2.xx";
  };
}
