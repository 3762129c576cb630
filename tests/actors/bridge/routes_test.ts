import assert from "node:assert/strict";
import { faultOfRoute, remap, Routes } from "../../../actors/bridge/routes.ts";

Deno.test("Routes() names what to subscribe to on either side", () => {
  const routes = new Routes([
    { direction: "both", filter: "line/#", qos: 2, localPrefix: "a/", remotePrefix: "b/" },
    { direction: "in", filter: "news" },
    { direction: "out", filter: "alarm/+", localPrefix: "" },
  ]);
  const shown = (lanes: typeof routes.in) => lanes.map(({ filter, qos }) => [filter, qos]);
  assert.deepEqual(shown(routes.out), [["a/line/#", 2], ["alarm/+", 1]]);
  assert.deepEqual(shown(routes.in), [["b/line/#", 2], ["news", 1]]);
  assert.ok(routes.bringsIn("b/line/7"));
  assert.ok(!routes.bringsIn("a/line/7"));
});

Deno.test("remap() takes one prefix off and puts the other before", () => {
  const cases: [Partial<Parameters<typeof faultOfRoute>[0]>, string, string[]][] = [
    [{ filter: "#" }, "a/b", ["a/b"]],
    [{ filter: "#" }, "$SYS/uptime", []],
    [{ filter: "#", localPrefix: "x/" }, "x/a", ["a"]],
    [{ filter: "#", localPrefix: "x/" }, "y/a", []],
    [{ filter: "#", localPrefix: "x/" }, "x/$SYS/uptime", []],
    [{ filter: "#", localPrefix: "x" }, "x", []],
    [{ filter: "#", remotePrefix: "$x/" }, "a", ["$x/a"]],
    [{ filter: "$SYS/#" }, "$SYS/uptime", ["$SYS/uptime"]],
    [{ filter: "", localPrefix: "here", remotePrefix: "there" }, "here", ["there"]],
  ];
  for (const [route, topic, expected] of cases) {
    const { out } = new Routes([{ direction: "out", filter: "#", ...route }]);
    const found = remap(out, topic).map((each) => each.topic);
    assert.deepEqual(found, expected, JSON.stringify([route, topic]));
  }
});

Deno.test("remap() gives each topic once, at the highest QoS", () => {
  const { out } = new Routes([
    { direction: "out", filter: "#", qos: 0 },
    { direction: "out", filter: "a/#", qos: 2 },
    { direction: "out", filter: "a/#", qos: 1, remotePrefix: "copy/" },
  ]);
  assert.deepEqual(remap(out, "a/b"), [
    { topic: "a/b", qos: 2 },
    { topic: "copy/a/b", qos: 1 },
  ]);
});

Deno.test("faultOfRoute() says what is wrong", () => {
  const cases: [string, RegExp][] = [
    ["a/#/b", /must be the last level/],
    ["", /at least one character/],
    ["$share/group/a", /shared subscription/],
  ];
  for (const [filter, fault] of cases) {
    assert.match(faultOfRoute({ direction: "in", filter }) ?? "", fault);
  }
  assert.match(faultOfRoute({ direction: "in", filter: "a", remotePrefix: "+/" })!, /wildcard/);
  assert.equal(faultOfRoute({ direction: "in", filter: "a/+/#" }), undefined);
});
