import assert from "node:assert/strict";
import { Gateway } from "../../../actors/gateway/gateway.ts";
import { sysTopics } from "../../../actors/gateway/sys.ts";
import { Space } from "../../../actors/space/space.ts";
import { Supervisor } from "../../../actors/supervisor.ts";
import { Resources } from "../../../protocols/coap/paths/resources.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import type { Delivery } from "../../../protocols/publication.ts";
import type { Survey, Surveyed } from "../../../protocols/traffic.ts";
import { FakeClock, settle } from "../fakes.ts";

class Clients implements Surveyed {
  connected = 0;

  survey(): Survey {
    const { connected } = this;
    return {
      clients: 5,
      connected,
      maxConnected: 4,
      expired: 1,
      queued: 7,
      queuedBytes: 70,
      inflight: 2,
      shared: 3,
    };
  }
}

/** A space whose `$SYS` topics are kept, each 10 s. */
async function started() {
  const clock = new FakeClock(), space = new Space({ clock }), supervisor = new Supervisor("test");
  const clients = space.shared(Clients), heap = { bytes: 1000 };
  const published: string[] = [];
  const receiver = {
    name: "all",
    deliver: ({ publication }: Delivery) => published.push(publication.topic) > 0,
  };
  space.router.subscribe("$SYS/#", { qos: 0 }, receiver);
  const options = { intervalMs: 10_000, version: "meerkat version 1", heapBytes: () => heap.bytes };
  supervisor.spawn("sys", sysTopics(space, options), { restart: "crash" });
  await settle();
  const value = (name: string) => space.retained.get(`$SYS/broker/${name}`, clock.now())?.text();
  return { clock, space, supervisor, clients, heap, published, value };
}

Deno.test("The $SYS topics hold a value as soon as the gateway has started", async () => {
  const { space, supervisor, value } = await started();
  const names = [...space.retained.matching("$SYS/#", 0)].map(({ topic }) => topic.slice(12));
  const wanted = [
    "version",
    "uptime",
    ...["total", "connected", "disconnected", "active", "inactive", "maximum", "expired"]
      .map((each) => `clients/${each}`),
    ...["received", "sent", "stored", "inflight"].map((each) => `messages/${each}`),
    ...["received", "sent", "dropped"].map((each) => `publish/messages/${each}`),
    ...["publish/bytes/received", "publish/bytes/sent", "bytes/received", "bytes/sent"],
    ...["subscriptions/count", "shared_subscriptions/count", "retained messages/count"],
    ...[
      "store/messages/count",
      "store/state",
      "store/messages/bytes",
      "heap/current",
      "heap/maximum",
    ],
    ...[
      "messages/received",
      "messages/sent",
      "publish/received",
      "publish/sent",
      "publish/dropped",
      "bytes/received",
      "bytes/sent",
      "sockets",
      "connections",
    ].flatMap((each) => ["1min", "5min", "15min"].map((window) => `load/${each}/${window}`)),
  ];
  assert.deepEqual(names.sort(), wanted.sort());
  assert.deepEqual([value("version"), value("uptime")], ["meerkat version 1", "0 seconds"]);
  supervisor.stop();
});

Deno.test("The $SYS topics follow what they count, at each interval and not before", async () => {
  const { clock, space, supervisor, clients, heap, value } = await started();
  Object.assign(space.traffic, {
    packetsReceived: 10,
    packetsSent: 20,
    publishReceived: 3,
    publishSent: 4,
    publishBytesReceived: 30,
    publishBytesSent: 40,
    bytesReceived: 100,
    bytesSent: 200,
  });
  space.dropped = 5;
  space.count("mqtt.dropped", 6);
  clients.connected = 3;
  heap.bytes = 3000;
  await clock.move(9_999);
  assert.equal(value("messages/received"), "0");
  await clock.move(1);
  const found = Object.fromEntries(
    [
      "uptime",
      "messages/received",
      "messages/sent",
      "messages/inflight",
      "publish/messages/received",
      "publish/messages/sent",
      "publish/messages/dropped",
      "publish/bytes/received",
      "publish/bytes/sent",
      "bytes/received",
      "bytes/sent",
      "clients/total",
      "clients/connected",
      "clients/disconnected",
      "clients/maximum",
      "clients/expired",
      "subscriptions/count",
    ].map((name) => [name, value(name)]),
  );
  assert.deepEqual(found, {
    "uptime": "10 seconds",
    "messages/received": "10",
    "messages/sent": "20",
    "messages/inflight": "2",
    "publish/messages/received": "3",
    "publish/messages/sent": "4",
    "publish/messages/dropped": "11",
    "publish/bytes/received": "30",
    "publish/bytes/sent": "40",
    "bytes/received": "100",
    "bytes/sent": "200",
    "clients/total": "5",
    "clients/connected": "3",
    "clients/disconnected": "2",
    "clients/maximum": "4",
    "clients/expired": "1",
    "subscriptions/count": "1",
  });
  heap.bytes = 2000;
  await clock.move(10_000);
  assert.deepEqual([value("heap/current"), value("heap/maximum")], ["2000", "3000"]);
  assert.equal(value("messages/stored"), `${space.retained.size + 9}`);
  supervisor.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("Only what has changed is published again", async () => {
  const { clock, supervisor, published } = await started();
  published.length = 0;
  await clock.move(10_000);
  const counted = published.map((topic) => topic.slice(12)).sort();
  assert.deepEqual(counted, [
    "messages/stored",
    "retained messages/count",
    "store/messages/bytes",
    "store/messages/count",
    "uptime",
  ]);
  supervisor.stop();
});

Deno.test("Averages rise at once with what comes, and fall slowly after it", async () => {
  const { clock, space, supervisor, value } = await started();
  const loads = () =>
    ["1min", "5min", "15min"].map((each) => value(`load/publish/received/${each}`));
  // 100 in 10 s is 600 a minute.
  space.traffic.publishReceived = 100;
  await clock.move(10_000);
  const weight = (minutes: number) => 1 - Math.exp(-1 / 6 / minutes);
  assert.deepEqual(loads(), [1, 5, 15].map((minutes) => (600 * weight(minutes)).toFixed(2)));
  for (let i = 0; i < 360; i++) {
    space.traffic.publishReceived += 100;
    await clock.move(10_000);
  }
  assert.equal(value("load/publish/received/1min"), "600.00");
  assert.ok(Math.abs(Number(value("load/publish/received/15min")) - 600) < 15);
  await clock.move(60_000);
  assert.equal(value("load/publish/received/1min"), (600 / Math.E).toFixed(2));
  assert.ok(Number(value("load/publish/received/15min")) > 500);
  supervisor.stop();
});

Deno.test("A gateway has $SYS topics when it is told how often, and no actor for them otherwise", async () => {
  for (
    const [options, holds] of [[{ sysIntervalMs: 1_000, version: "7" }, true], [{}, false]] as const
  ) {
    await using hub = new Gateway({ handlers: Handlers, resources: Resources }, options);
    assert.equal(hub.retained("$SYS/broker/version")?.text(), holds ? "7" : undefined);
    assert.equal(hub.tree().children?.some(({ name }) => name === "sys"), holds);
  }
});
