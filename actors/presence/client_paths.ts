import { inHttp } from "../../protocols/http/permission.ts";
import { typeOfMessage } from "../../protocols/http/topics/publishing.ts";
import type { Identity } from "../../protocols/identity.ts";
import { Refusal } from "../../protocols/identity.ts";
import { Broker } from "../../protocols/mqtt/broker/broker.ts";
import { ownerOf } from "../../protocols/owner.ts";
import type { RegisteredWill } from "../../protocols/presence.ts";
import type { Qos } from "../../protocols/publication.ts";
import { faultOfTopic, isReserved } from "../../protocols/topic.ts";
import type { Handler } from "../handlers/handler.ts";
import { plainText } from "../handlers/plain_text.ts";
import { readBody } from "../handlers/read_body.ts";
import { HookGuard } from "../hooks/hook_guard.ts";
import type { Space } from "../space/space.ts";
import type { Presences } from "./presences.ts";

/** Below this, clients without a connection register themselves. */
export const CLIENTS = "/clients/*";

/** Bytes of the longest will: as many as the will of an MQTT client may have. */
const MAX_WILL_BYTES = 65_536;

/**
 * Milliseconds in which a client has to be heard again: a minute if it does not say, at least a
 * second, since deadlines are looked at each second, and at most 30 days.
 */
const LIFETIME_MS = 60_000, MIN_LIFETIME_MS = 1_000, MAX_LIFETIME_MS = 30 * 86_400_000;

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const methods: Readonly<Record<string, string>> = {
  will: "GET, PUT, DELETE",
  alive: "POST",
};

/** A client that a request is about, and who asks. */
interface Registering {
  readonly id: string;
  readonly identity: Identity;
  readonly presences: Presences;
  readonly space: Space;
}

/**
 * `PUT /clients/{id}/will?topic=…&lifetime=60s` registers a client, `POST /clients/{id}/alive` says
 * that it is there, `DELETE /clients/{id}/will` that it leaves. HTTP and CoAP alike.
 */
export function clientPaths(presences: Presences, space: Space): Handler {
  return (request, { identity }) => {
    const { pathname } = new URL(request.url), { method } = request;
    const [, encoded, leaf = ""] = /^\/clients\/([^/]+)\/(will|alive)$/.exec(pathname) ?? [];
    if (encoded === undefined) {
      return plainText(404, "Only /clients/{id}/will and …/alive are here");
    }
    const id = idOf(encoded);
    if (id === undefined) {
      return plainText(400, "Cannot use this client identifier: it is a topic level");
    }
    if (!methods[leaf]!.split(", ").includes(method)) {
      return plainText(405, `Only ${methods[leaf]} is known here`, { allow: methods[leaf]! });
    }
    presences.restore();
    const client = { id, identity, presences, space }, { registrations } = presences;
    if (isOfOthers(client)) return ofOthers(id);
    switch (method) {
      case "POST":
        return registrations.hear(id, space.clock.now()) ? done(204) : unknown(id);
      case "DELETE":
        return presences.forget(id) ? done(204) : unknown(id);
      case "GET":
        return registrations.find(id) ? describe(presences, id, space) : unknown(id);
      default:
        return register(request, client);
    }
  };
}

async function register(request: Request, client: Registering): Promise<Response> {
  const { id, identity, presences, space } = client, { searchParams } = new URL(request.url);
  if (space.shared(Broker).clients.get(id)?.inbox !== undefined) {
    return plainText(409, `Client "${id}" is connected by MQTT: its will is part of its CONNECT`);
  }
  const lifetimeMs = lifetimeOf(searchParams.get("lifetime"));
  if (lifetimeMs === undefined) {
    return plainText(400, "Cannot use this lifetime: give 1s to 30d, such as 90, 90s, 5m or 12h");
  }
  const will = await willOf(request, searchParams);
  if (typeof will === "string") return plainText(400, will);
  if (will !== undefined) {
    const refusal = await mayPublish(space, identity, will);
    if (refusal !== undefined) return refused(refusal);
  }
  // Somebody else may have registered it while hooks were asked.
  if (isOfOthers(client)) return ofOthers(id);
  const isNew = presences.registrations.find(id) === undefined;
  const owner = ownerOf(identity);
  if (!presences.register({ id, user: identity.user, owner, lifetimeMs, will })) {
    const why = "There is no room to register it: too many clients, by all or by you, too long " +
      "wills, or a store that takes no more";
    return plainText(503, why);
  }
  return done(isNew ? 201 : 204);
}

/** True when another user has registered this client. */
function isOfOthers({ id, identity, presences }: Registering): boolean {
  const registered = presences.registrations.find(id);
  return registered !== undefined && registered.user !== identity.user;
}

function ofOthers(id: string): Response {
  return plainText(403, `Client "${id}" is registered by somebody else`);
}

/** A client identifier, which is one level of a topic. */
function idOf(encoded: string): string | undefined {
  try {
    const id = decodeURIComponent(encoded);
    return /[/+#\0]/.test(id) || faultOfTopic(id, 1) !== undefined ? undefined : id;
  } catch {
    return undefined;
  }
}

function lifetimeOf(text: string | null): number | undefined {
  if (text === null) return LIFETIME_MS;
  const [, digits, unit = "s"] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  const ms = digits === undefined ? NaN : Number(digits) * units[unit]!;
  return ms >= MIN_LIFETIME_MS && ms <= MAX_LIFETIME_MS ? ms : undefined;
}

/** The will that a request has; undefined without a topic, and what is wrong with it as text. */
async function willOf(
  request: Request,
  query: URLSearchParams,
): Promise<RegisteredWill | undefined | string> {
  const payload = await readBody(request, MAX_WILL_BYTES);
  if (payload === undefined) {
    return `Cannot keep a will of more bytes: ${MAX_WILL_BYTES} are allowed`;
  }
  const topic = query.get("topic"), qos = query.get("qos") ?? "1";
  if (topic === null) {
    return payload.length > 0 ? "Missing ?topic=: where the will is published" : undefined;
  }
  const fault = faultOfTopic(topic);
  if (fault !== undefined) return fault;
  if (isReserved(topic)) {
    return `Cannot leave a will for ${topic}: only the gateway publishes there`;
  }
  if (!/^[012]$/.test(qos)) return `Cannot use qos "${qos}": 0, 1 or 2 is required`;
  const retain = query.get("retain") ?? "0";
  if (!/^(?:[01]|true|false)$/.test(retain)) return `Cannot use retain "${retain}": give 1 or 0`;
  return {
    topic,
    payload,
    qos: Number(qos) as Qos,
    retain: retain === "1" || retain === "true",
    contentType: typeOfMessage(request.headers.get("content-type")),
  };
}

/** Why a client may not have this published as its will; undefined when it may. */
function mayPublish(
  { hooks }: Space,
  identity: Identity,
  { topic, qos, retain }: RegisteredWill,
): Promise<Refusal | undefined> {
  if (hooks === undefined) return Promise.resolve(undefined);
  const inbox = {
    name: "clients",
    deliver: () => false,
    post(work: unknown) {
      (work as () => void)();
      return true;
    },
  };
  const guard = new HookGuard(hooks, inbox, () => {});
  return new Promise((resolve) =>
    guard.authorize({ action: "publish", identity, topic, qos, retain }, resolve)
  );
}

function describe(presences: Presences, id: string, { clock }: Space): Response {
  const { will, lifetimeMs } = presences.registrations.find(id)!;
  const dueMs = presences.registrations.dueAt(id)! - clock.now();
  const { payload: _, ...rest } = will ?? { payload: undefined };
  return Response.json({
    id,
    lifetimeSeconds: lifetimeMs / 1000,
    dueInSeconds: Math.max(0, Math.round(dueMs / 1000)),
    will: will && { ...rest, bytes: will.payload.length },
  });
}

function unknown(id: string): Response {
  return plainText(
    404,
    `No client "${id}" is registered: PUT /clients/${encodeURIComponent(id)}/will`,
  );
}

function refused(refusal: Refusal): Response {
  const { status, reason, fields } = inHttp(refusal);
  return plainText(status, reason, fields.map(([name, value]) => [name, value]));
}

function done(status: number): Response {
  return new Response(null, { status });
}
