import assert from "node:assert/strict";
import { openWebSocket } from "../../../actors/clients/websocket_stream.ts";
import { coapClient } from "../../../mod.ts";
import type { Auth, Connack } from "../../../protocols/mqtt/packets/packet.ts";
import { answerChallenge } from "../../../protocols/web/digest.ts";
import { dialTcp } from "../../../transports/tcp.ts";
import { proofOf } from "../../actors/identity/scram_client.ts";
import { connectPacket, MqttClient } from "../../interop/mqtt_client.ts";
import {
  connect,
  type Door,
  type Entrance,
  follow,
  goodbyes,
  type Login,
  observe,
  plainDoors,
} from "./guests.ts";

/** A way to come in, and what is said to whoever is not known any more. */
export interface Way {
  readonly enter: Door;
  readonly goodbye: string;
}

/** Shows what is good for one request, or for as long as a token lasts, at another door. */
function showing(
  door: keyof typeof plainDoors,
  show: (entrance: Entrance, login: Login, path: string) => Promise<Partial<Login>>,
): Way {
  return {
    async enter(entrance, topic, login) {
      const shown = await show(entrance, login, `/topics/${topic}`);
      const { user } = login;
      return await plainDoors[door]!(entrance, topic, { user, ...shown });
    },
    goodbye: goodbyes[door]!,
  };
}

/** An answer to the challenge of a path. */
async function digest({ ports }: Entrance, { user, password }: Login, uri: string) {
  const asked = await fetch(`http://127.0.0.1:${ports.http}${uri}`);
  await asked.body?.cancel();
  assert.equal(asked.status, 401);
  const challenge = /Digest .*?(?=, Digest|, Basic|, Bearer|$)/i
    .exec(asked.headers.get("www-authenticate")!)![0];
  const answer = answerChallenge(challenge, {
    username: user,
    password: password!,
    method: "GET",
    uri,
    cnonce: crypto.randomUUID(),
  });
  return { fields: `Authorization: ${answer}` };
}

/** A login by password at `/login`. */
async function logIn({ ports }: Entrance, { user, password }: Login): Promise<Response> {
  const headers = { authorization: `Basic ${btoa(`${user}:${password}`)}` };
  const answer = await fetch(`http://127.0.0.1:${ports.http}/login`, { method: "POST", headers });
  assert.equal(answer.status, 200);
  return answer;
}

async function cookie(entrance: Entrance, login: Login) {
  const answer = await logIn(entrance, login);
  await answer.body?.cancel();
  return { fields: `Cookie: ${answer.headers.get("set-cookie")!.split(";")[0]}` };
}

async function token(entrance: Entrance, login: Login) {
  return { token: (await (await logIn(entrance, login)).json()).token as string };
}

const overWebSocket: Door = async ({ ports }, topic, { user, password }) => {
  const stream = await dialTcp({ port: ports.http! });
  const inside = await openWebSocket(stream, { host: "localhost", path: "/mqtt" });
  const client = await MqttClient.connect(inside, {
    clientId: `${user} over WebSocket`,
    version: 5,
    username: user,
    password: new TextEncoder().encode(password),
  });
  return await follow(client, topic);
};

const byScram: Door = async (entrance, topic, { user, password }) => {
  const client = new MqttClient(await connect(entrance, {}, entrance.ports.mqtt!), 5);
  const say = (text: string) => ({
    authenticationMethod: "SCRAM-SHA-256",
    authenticationData: new TextEncoder().encode(text),
  });
  const properties = say(`n,,n=${user},r=abc`);
  await client.send(connectPacket({ clientId: `${user} by SCRAM`, version: 5, properties }));
  const auth = await client.next() as Auth;
  const challenge = new TextDecoder().decode(auth.properties!.authenticationData);
  const answer = say(proofOf(user, password!, challenge));
  await client.send({ type: "auth", reason: 0x18, properties: answer });
  assert.equal((await client.next() as Connack).reason, 0);
  return await follow(client, topic);
};

/** What EMQX has: a login, and a token from then on. */
const byConnection: Door = async ({ ports }, topic, { user, password }) => {
  const client = coapClient(`coap://127.0.0.1:${ports.coap}`), me = `clientid=${user}-node`;
  const login = `${me}&username=${user}&password=${password}`;
  const connected = await client.post(`/mqtt/connection?${login}`);
  assert.equal(connected.code, "2.01");
  return await observe(client, `/ps/${topic}?${me}&token=${connected.text()}`);
};

/** Ways in that do not show a password at each door. */
export const waysIn: Readonly<Record<string, Way>> = {
  "MQTT over WebSocket": { enter: overWebSocket, goodbye: goodbyes["MQTT 5"]! },
  "SCRAM-SHA-256": { enter: byScram, goodbye: goodbyes["MQTT 5"]! },
  "WebSocket, by Digest": showing("WebSocket", digest),
  "server-sent events, by Digest": showing("server-sent events", digest),
  "WebSocket, by a cookie": showing("WebSocket", cookie),
  "server-sent events, by a cookie": showing("server-sent events", cookie),
  "WebSocket, by a token": showing("WebSocket", token),
  "MQTT 5, by a token": showing("MQTT 5", token),
  "CoAP, by a token": showing("CoAP", token),
  "CoAP over TCP, by a token": showing("CoAP over TCP", token),
  "CoAP's connection mode": { enter: byConnection, goodbye: goodbyes.CoAP! },
};
