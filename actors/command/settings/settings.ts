import { formats, levels } from "../../log.ts";
import { accessList } from "./access_setting.ts";
import { authSetting } from "./auth_settings.ts";
import { bridgeSetting } from "./bridge_settings.ts";
import { coapSettings, multicastGroups } from "./coap_settings.ts";
import { dnsSettings } from "./dns_settings.ts";
import {
  choice,
  duration,
  type Kind,
  list,
  origin,
  orZero,
  parsed,
  text,
  yesOrNo,
} from "./kinds.ts";
import { gatewayLimits, listenerLimits } from "./limits.ts";
import { parseListenUrl } from "./listen_url.ts";
import { mqttSettings, retainedTrees } from "./mqtt_settings.ts";
import { policySetting } from "./policy_settings.ts";
import { inFile, record, type Setting, type Values } from "./record.ts";
import { storeSettings } from "./store_settings.ts";
import { tlsSettings } from "./tls_settings.ts";
import { webSetting } from "./web_settings.ts";
import { websocketSettings } from "./websocket_settings.ts";

const listenUrl = parsed("URL", "give a URL such as mqtt://:1883", parseListenUrl);

const listenObject = record(
  {
    url: { kind: listenUrl, required: true, doc: "Where to listen, and for which protocol." },
    tls: { kind: tlsSettings, doc: "Its own certificates, in place of those for all listeners." },
    allowAnonymous: {
      kind: yesOrNo(),
      doc: "Whether it lets clients in that do not log in, wherever they are.",
    },
    auth: { kind: authSetting, doc: "How its clients log in, in place of what holds for all." },
    limits: { kind: listenerLimits, doc: "Its own limits, in place of those for all listeners." },
    access: { kind: accessList, doc: "Its own access list, in place of that for all listeners." },
    proxyProtocol: {
      kind: accessList,
      doc: "Proxies, as an access list, whose connections begin with a PROXY header (1 or 2).",
    },
    trustedProxies: {
      kind: accessList,
      doc: "Proxies, as an access list, whose X-Forwarded-For names the client of a request.",
    },
    groups: {
      kind: multicastGroups,
      doc:
        "Multicast groups that a coap: listener on the address of one interface joins, such as " +
        "224.0.1.187 or ff02::fd.",
    },
    web: { kind: webSetting, doc: "Its own web site; what it leaves out is as for all listeners." },
    ...mqttSettings,
    ...coapSettings,
  } satisfies Record<string, Setting<unknown>>,
);

/** One listener as configured. */
export type ListenDraft = Values<typeof listenObject.members>;

const listener: Kind<ListenDraft> = {
  hint: "URL",
  read(raw, place) {
    if (typeof raw === "object" && raw !== null) return listenObject.read(raw, place);
    const url = listenUrl.read(raw, place);
    return url && { url };
  },
  schema: () => ({ anyOf: [listenUrl.schema(), listenObject.schema()] }),
};

/** Whom a cross-proxy may ask. */
const crossTarget = text(
  "URL",
  "give a URL such as coap://192.0.2.7/ or http://*.example/api/",
  (url) => /^(?:coap|coap\+tcp|coaps\+tcp|https?):\/\/[^/@]+(?:\/[^?#]*)?$/i.test(url),
);

/** Every setting. The command line, the file, the help and the schema all come from this table. */
export const settings = {
  $schema: {
    only: "file",
    kind: text("URL", "give the URL or the name of a schema"),
    doc: "The schema by which an editor checks this file: the output of the command `schema`.",
  },
  listen: {
    flag: "listen",
    kind: list(listener),
    default: ["http://127.0.0.1:8080", "mqtt://127.0.0.1:1883", "coap://127.0.0.1:5683"],
    doc: "Where to listen, and for which protocol.",
  },
  config: {
    only: "flags",
    flag: "config",
    kind: text("FILE", "give the name of a JSON file"),
    doc: "A JSON file of settings; flags win over it.",
  },
  allowAnonymous: {
    flag: "allow-anonymous",
    kind: yesOrNo(),
    default: false,
    doc: "Let clients in that do not log in, on any address. On loopback they may unless " +
      "--password-file or auth asks for a login.",
  },
  passwordFile: {
    only: "flags",
    flag: "password-file",
    kind: text("FILE", "give the name of a file that passwd keeps"),
    doc: "Let only those in whom this file of users knows; before what the file says in auth.",
  },
  auth: {
    only: "file",
    kind: authSetting,
    doc: "How clients log in, in the order in which it is tried.",
  },
  policy: { only: "file", kind: policySetting, doc: "Who may do what." },
  access: {
    flag: "access",
    kind: accessList,
    doc: "Who may come, by IP address, such as -0.0.0.0/0,+192.168/16: the last subnet that fits " +
      "decides, and whom none fits may not come. Without a list everybody may.",
  },
  tls: { kind: tlsSettings, doc: "Certificates for all listeners that use TLS." },
  origins: {
    flag: "origin",
    kind: list(origin()),
    doc: "Web pages of other hosts that may use the gateway; * is every page.",
  },
  sysInterval: {
    flag: "sys-interval",
    kind: orZero(duration(100, 86_400_000)),
    default: "10s",
    doc: "How often the topics below $SYS/broker are updated; 0 is never.",
  },
  presence: {
    only: "file",
    kind: choice(["registered", "all", "none"]),
    default: "registered",
    doc: "Whose presence is published as $presence/ID: that of clients that register at " +
      "/clients/ID/will, of all that connect, or nobody's.",
  },
  ...storeSettings,
  bridges: {
    only: "file",
    kind: list(bridgeSetting),
    doc: "Other MQTT brokers, and what to exchange with them.",
  },
  crossProxy: {
    only: "file",
    kind: list(crossTarget),
    doc: "URLs of CoAP servers that HTTP clients may ask at /hc/, and of HTTP servers that CoAP " +
      "clients may ask by Proxy-Uri, such as coap://192.0.2.7/ or http://*.example/api/.",
  },
  ...dnsSettings,
  drain: {
    flag: "drain",
    kind: duration(0, 3_600_000),
    default: "10s",
    doc: "How long a stopping gateway waits for what is under way.",
  },
  logLevel: {
    flag: "log-level",
    kind: choice(levels),
    default: "info",
    doc: "The least of what is written to standard error.",
  },
  logFormat: {
    flag: "log-format",
    kind: choice(formats),
    default: "text",
    doc: "Lines for people, or one JSON object in each line.",
  },
  web: { kind: webSetting, doc: "The web site of all listeners that speak HTTP." },
  limits: { kind: gatewayLimits, doc: "What a client, or all of them together, may use." },
  ...mqttSettings,
  ...coapSettings,
  ...websocketSettings,
  retainedTrees: {
    only: "file",
    kind: retainedTrees,
    doc: "What the values of parts of the topic space may take, and how long they stay.",
  },
  help: {
    only: "flags",
    flag: "help",
    short: "h",
    kind: yesOrNo(),
    doc: "Show this text and exit.",
  },
  version: {
    only: "flags",
    flag: "version",
    short: "V",
    kind: yesOrNo(),
    doc: "Show the version and exit.",
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Settings as somebody wrote them: each is right by itself, but together they may not be. */
export type Draft = Values<typeof settings>;

/** A configuration file as a whole. */
export const configuration = record(inFile(settings));

/** A command line as a whole, as if it were a file. */
export const commandLine = record(settings);
