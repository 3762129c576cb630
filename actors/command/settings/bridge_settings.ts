import { parseTarget } from "../../../protocols/mqtt/url.ts";
import type { Qos } from "../../../protocols/publication.ts";
import { bridgeDefaults } from "../../bridge/bridge_options.ts";
import { faultOfRoute } from "../../bridge/routes.ts";
import { choice, count, duration, type Kind, list, parsed, size, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

const pem = "give the name of a PEM file";

const targetUrl = parsed("URL", "give a URL such as mqtt://host:1883", parseTarget);

const name: Kind<string> = {
  hint: "NAME",
  read(raw, place) {
    if (typeof raw === "string" && /^[^/+#\0]+$/.test(raw)) return raw;
    return place.refuse(raw, "give one word without /, + and #: it is a level of a topic");
  },
  schema: () => ({ type: "string", pattern: "^[^/+#]+$" }),
};

const qos: Kind<Qos> = {
  hint: "0|1|2",
  read: (raw, place) =>
    [0, 1, 2].includes(raw as Qos) ? raw as Qos : place.refuse(raw, "give 0, 1 or 2"),
  schema: () => ({ enum: [0, 1, 2] }),
};

const prefix = text(
  "PREFIX",
  "give what stands before the topics, such as site-7/, or leave it out",
);

const routeObject = record(
  {
    direction: {
      kind: choice(["in", "out", "both"]),
      required: true,
      doc: "Where messages go: in from the upstream, out to it, or both.",
    },
    filter: {
      kind: text("FILTER", "give a topic filter such as #"),
      required: true,
      doc: "The topics, without the prefixes.",
    },
    qos: { kind: qos, default: 1, doc: "The highest QoS on the way." },
    localPrefix: { kind: prefix, doc: "What stands before the topics here." },
    remotePrefix: { kind: prefix, doc: "What stands before the topics at the upstream." },
  } satisfies Record<string, Setting<unknown>>,
);

type RouteDraft = Values<typeof routeObject.members>;

const route: Kind<RouteDraft> = {
  ...routeObject,
  read(raw, place) {
    const read = routeObject.read(raw, place);
    if (read?.direction === undefined || read.filter === undefined) return undefined;
    const { direction, filter, ...rest } = read;
    const fault = faultOfRoute({ direction, filter, ...rest });
    return fault === undefined ? read : place.complain(fault);
  },
};

const tls = record(
  {
    ca: { kind: text("FILE", pem), doc: "The certificates, as PEM, of those to trust." },
    cert: { kind: text("FILE", pem), doc: "Our certificate, as PEM." },
    key: { kind: text("FILE", pem), doc: "The private key, as PEM, of our certificate." },
    servername: {
      kind: text("NAME", "give the name in the upstream's certificate"),
      doc: "The name in the upstream's certificate, where it is not the host.",
    },
    rejectUnauthorized: {
      kind: yesOrNo(),
      default: true,
      doc: "False takes any certificate, so that anybody on the way can read and change all.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

const limits = record(
  {
    maxQueuedMessages: {
      kind: count(1, 10_000_000),
      default: bridgeDefaults.maxQueuedMessages,
      doc: "Messages that wait for the upstream.",
    },
    maxQueuedBytes: {
      kind: size(1024, 64 * 2 ** 30),
      default: bridgeDefaults.maxQueuedBytes,
      doc: "Bytes of the messages that wait for the upstream.",
    },
    maxInflight: {
      kind: count(1, 65_535),
      default: bridgeDefaults.maxInflight,
      doc: "Messages of QoS 1 and 2 under way at once.",
    },
    retryMinMs: {
      kind: duration(1, 3_600_000, true),
      default: bridgeDefaults.retryMinMs,
      doc: "The first pause before connecting again; it doubles each time.",
    },
    retryMaxMs: {
      kind: duration(1, 3_600_000, true),
      default: bridgeDefaults.retryMaxMs,
      doc: "The longest pause before connecting again.",
    },
    connectTimeoutMs: {
      kind: duration(1, 3_600_000, true),
      default: bridgeDefaults.connectTimeoutMs,
      doc: "How long the upstream may take to answer.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** One bridge as configured. */
export const bridgeSetting = record(
  {
    name: { kind: name, required: true, doc: "What the log and the state's topic call it." },
    url: {
      kind: targetUrl,
      required: true,
      doc: "Where the upstream is, by mqtt:, mqtts:, ws: or wss:.",
    },
    routes: { kind: list(route), required: true, doc: "What it carries." },
    clientId: { kind: text("ID", "give a client identifier"), doc: "Who we are to the upstream." },
    username: { kind: text("NAME", "give a user name"), doc: "The user name to log in with." },
    password: { kind: text("TEXT", "give a password"), doc: "The password to log in with." },
    passwordFile: {
      kind: text("FILE", "give the name of a file"),
      doc: "A file whose first line is the password.",
    },
    tls: { kind: tls, doc: "Whom to trust, and who we are." },
    version: { kind: choice(["5", "3.1.1"]), doc: "The version of MQTT; else 5 or what it takes." },
    clean: {
      kind: yesOrNo(),
      default: true,
      doc: "False keeps the session at the upstream while the bridge is away.",
    },
    sessionExpiry: {
      kind: duration(0, 4_294_967_295_000),
      default: "168h",
      doc: "How long an MQTT 5 upstream keeps that session.",
    },
    keepAlive: {
      kind: duration(0, 65_535_000),
      default: "60s",
      doc: "The silence after which each side asks whether the other is there.",
    },
    queueQos0: {
      kind: yesOrNo(),
      default: false,
      doc: "Whether QoS 0 messages wait, too, while the upstream is away.",
    },
    stateTopic: {
      kind: text("TOPIC", "give a topic"),
      doc: "Where online and offline are retained; $bridge/NAME/state unless given.",
    },
    limits: { kind: limits, doc: "What it may use." },
  } satisfies Record<string, Setting<unknown>>,
);

/** One bridge as somebody wrote it. */
export type BridgeDraft = Values<typeof bridgeSetting.members>;
