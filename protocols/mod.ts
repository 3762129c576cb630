export type { WebSocketOptions } from "./websocket/upgrade.ts";
export type { CoapLimits } from "./coap/limits.ts";
export type { CoapStreamOptions } from "./coap/stream/options.ts";
export type { HttpLimits } from "./http/limits.ts";
export type { MqttLimits, QueuePolicy, SharedStrategy } from "./mqtt/limits.ts";
export type { MqttOptions, ServerReference } from "./mqtt/options.ts";
export type { AuthExchange, AuthMethod, AuthStep } from "./mqtt/authentication.ts";
export { scramCredentials, scramSha256 } from "./mqtt/scram.ts";
export type { ScramCredentials, ScramOptions, ScramStore } from "./mqtt/scram.ts";
export type { WebSocketLimits } from "./websocket/limits.ts";
export { Delivery, Publication } from "./publication.ts";
export type { Encoder, MessageProperties, PublicationOptions, Qos } from "./publication.ts";
export type { Outcome } from "./hub.ts";
export { Credentials, Refusal } from "./identity.ts";
export type { CredentialsOptions, Identity, RefusalKind } from "./identity.ts";
export type { Access, Decided, Guard, Screen } from "./guard.ts";
export type { Grant, LoginEnd, LoginEnded } from "./grant.ts";
export type { CoapRequest } from "./coap/paths/coap_request.ts";
export type { CoapCode, CoapOption, CoapResponse } from "./coap/paths/coap_response.ts";
export type { CoapMethod } from "./coap/paths/http_request.ts";
export { ProtocolError } from "./session.ts";
export type { DatagramSession, OpenDatagramSession, OpenSession, Session } from "./session.ts";
export type { DatagramWire, Peer, Wire } from "./wire.ts";
export type { Gate, Hub, Inbox, Publisher, Receiver, Subscription, Timed } from "./hub.ts";
export { Fields } from "./http/messages/message.ts";
export type {
  RequestHead,
  ResponseHead,
  Upgrade,
  UpgradeQuestion,
  UpgradeRefusal,
} from "./http/messages/message.ts";
export type { Traffic } from "./traffic.ts";
