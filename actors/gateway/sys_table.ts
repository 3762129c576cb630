import type { Survey } from "../../protocols/traffic.ts";
import type { Space } from "../space/space.ts";

/** All that the table below reads, at one moment. */
export interface Sight {
  readonly space: Space;
  readonly survey: Survey;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** The most clients that were ever connected at once. */
  readonly maxConnected: number;
  readonly heapBytes: number;
  readonly maxHeapBytes: number;
}

/** Messages that were thrown away, by the counters that say so. */
const DROPPED = ["mqtt.dropped", "websocket.refused"];

/** Messages that a receiver should have had and did not get. */
function droppedBy({ dropped, counters }: Space): number {
  return DROPPED.reduce((sum, name) => sum + (counters.get(name) ?? 0), dropped);
}

/** Every topic below `$SYS/broker/` but the averages, and its value. */
export const values: Readonly<Record<string, (sight: Sight) => number | string>> = {
  "version": ({ version }) => version,
  "uptime": ({ uptimeSeconds }) => `${uptimeSeconds} seconds`,
  "clients/total": ({ survey }) => survey.clients,
  "clients/connected": ({ survey }) => survey.connected,
  "clients/disconnected": ({ survey }) => survey.clients - survey.connected,
  "clients/active": ({ survey }) => survey.connected,
  "clients/inactive": ({ survey }) => survey.clients - survey.connected,
  "clients/maximum": ({ maxConnected }) => maxConnected,
  "clients/expired": ({ survey }) => survey.expired,
  "messages/received": ({ space }) => space.traffic.packetsReceived,
  "messages/sent": ({ space }) => space.traffic.packetsSent,
  "messages/stored": ({ space, survey }) => space.retained.size + survey.queued + survey.inflight,
  "messages/inflight": ({ survey }) => survey.inflight,
  "publish/messages/received": ({ space }) => space.traffic.publishReceived,
  "publish/messages/sent": ({ space }) => space.traffic.publishSent,
  "publish/messages/dropped": ({ space }) => droppedBy(space),
  "publish/bytes/received": ({ space }) => space.traffic.publishBytesReceived,
  "publish/bytes/sent": ({ space }) => space.traffic.publishBytesSent,
  "bytes/received": ({ space }) => space.traffic.bytesReceived,
  "bytes/sent": ({ space }) => space.traffic.bytesSent,
  "subscriptions/count": ({ space }) => space.router.subscriptions,
  "shared_subscriptions/count": ({ survey }) => survey.shared,
  "retained messages/count": ({ space }) => space.retained.size,
  "store/messages/count": ({ space, survey }) =>
    space.retained.size + survey.queued + survey.inflight,
  "store/messages/bytes": ({ space, survey }) => space.retained.bytes + survey.queuedBytes,
  "store/state": ({ space }) => space.health().store,
  "heap/current": ({ heapBytes }) => heapBytes,
  "heap/maximum": ({ maxHeapBytes }) => maxHeapBytes,
};

/** Counters whose growth per minute is published as `$SYS/broker/load/<name>/1min` and so on. */
export const loads: Readonly<Record<string, (space: Space) => number>> = {
  "messages/received": ({ traffic }) => traffic.packetsReceived,
  "messages/sent": ({ traffic }) => traffic.packetsSent,
  "publish/received": ({ traffic }) => traffic.publishReceived,
  "publish/sent": ({ traffic }) => traffic.publishSent,
  "publish/dropped": droppedBy,
  "bytes/received": ({ traffic }) => traffic.bytesReceived,
  "bytes/sent": ({ traffic }) => traffic.bytesSent,
  "sockets": ({ traffic }) => traffic.sockets,
  "connections": ({ traffic }) => traffic.connections,
};
