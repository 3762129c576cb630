import assert from "node:assert/strict";
import { type CoapResponse, gateway, Log } from "../../../mod.ts";
import { Code, encode, Message, NON, Option, RST } from "../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { brief, request, valueOf } from "../../protocols/coap/fake_datagrams.ts";
import { bytes } from "../../protocols/fakes.ts";
import { observe, Probe } from "./coap_probe.ts";

const accept = (format: number) => [new Option(Options.accept, uint(format))];

for (const [observable, kind] of [["confirmable", "CON "], ["non-confirmable", "NON "]] as const) {
  testWith(
    [],
    `Observers of a ${observable} resource get each value, ${kind}every time`,
    async () => {
      await using hub = gateway();
      let count = 0;
      const resource = hub.coap("/count", () => ({ payload: `${count}` }), { observable });
      using probe = await Probe.open(hub);
      const first = await probe.follow("/count", "t");
      assert.deepEqual([brief(first), valueOf(first, Options.observe)], ["2.05 0", uint(1)]);
      assert.equal(resource.observers, 1);
      for (let round = 1; round <= 25; round++) {
        count = round;
        resource.changed();
        assert.deepEqual(await probe.news("t"), [`${kind}2.05 ${round}`, 1 + round]);
      }
      assert.match(await probe.brief(Code.get, "/.well-known/core"), /<\/count>;obs/);
      // Observe 1 with the same token ends it (RFC 7641 §3.6).
      const end = [new Option(Options.observe, uint(1))];
      assert.equal(valueOf(await probe.follow("/count", "t", end), Options.observe), undefined);
      assert.equal(resource.observers, 0);
    },
  );
}

testWith([], "A resource that is observed by FETCH is asked by FETCH each time", async () => {
  await using hub = gateway();
  let list = ["a", "b"];
  const resource = hub.coap(
    "/list",
    ({ method, payload }) => ({
      payload: `${method} ${list[Number(new TextDecoder().decode(payload))]}`,
    }),
    { observable: true },
  );
  using probe = await Probe.open(hub);
  const asked = { token: bytes("f"), payload: "1", options: observe };
  assert.equal(brief(await probe.ask(Code.fetch, "/list", asked)), "2.05 FETCH b");
  list = ["c", "d"];
  resource.changed();
  assert.deepEqual(await probe.news("f"), ["NON 2.05 FETCH d", 2]);
});

testWith(
  [],
  "Of the notifications of an observable resource one in ten asks for an answer",
  async () => {
    await using hub = gateway();
    const resource = hub.coap("/x", () => ({ payload: "x" }), { observable: true });
    using probe = await Probe.open(hub);
    await probe.follow("/x", "t");
    const kinds: string[] = [];
    for (let round = 0; round < 20; round++) {
      resource.changed();
      kinds.push((await probe.news("t"))[0].slice(0, 3));
    }
    assert.deepEqual(kinds.filter((kind) => kind === "CON").length, 2);
  },
);

testWith([], "Observers get the newest value when there are more than they are sent", async () => {
  await using hub = gateway();
  let count = 0;
  const asked: (() => void)[] = [];
  const resource = hub.coap("/slow", () =>
    new Promise((resolve) => {
      const payload = `${count}`;
      asked.push(() => resolve({ payload }));
    }), { observable: true });
  using probe = await Probe.open(hub);
  const first = probe.follow("/slow", "t");
  await eventually("the handler to be asked", () => asked.length === 1);
  // Changed before the first answer: that is old when it comes.
  count = 1;
  resource.changed();
  asked[0]!();
  assert.equal(brief(await first), "2.05 0");
  await eventually("the handler to be asked again", () => asked.length === 2);
  for (count = 2; count < 50; count++) resource.changed();
  asked[1]!();
  assert.equal((await probe.news("t"))[0], "NON 2.05 1");
  await eventually("the handler to be asked once more", () => asked.length === 3);
  asked[2]!();
  assert.equal((await probe.news("t"))[0], "NON 2.05 50");
  assert.equal(asked.length, 3);
});

testWith([], "Each observer is asked for by its own request", async () => {
  await using hub = gateway();
  let celsius = 20;
  const resource = hub.coap("/t", (asked) => ({
    payload: asked.accept === 50 ? `{"t":${celsius}}` : `${celsius}${asked.query("unit") ?? ""}`,
    format: asked.accept ?? 0,
    etag: `e${celsius}`,
  }), { observable: true, ct: [0, 50] });
  using probe = await Probe.open(hub);
  assert.equal(brief(await probe.follow("/t?unit=C", "a")), "2.05 20C");
  const json = await probe.follow("/t", "b", [...observe, ...accept(50)]);
  assert.equal(brief(json), '2.05 {"t":20}');
  const known = [...observe, new Option(Options.etag, bytes("e20"))];
  assert.equal(brief(await probe.follow("/t", "c", known)), "2.03");
  assert.equal(await probe.brief(Code.get, "/t", [...observe, ...accept(60)]), "4.06");
  assert.equal(resource.observers, 3);
  celsius = 21;
  resource.changed();
  const got = [await probe.receive(), await probe.receive(), await probe.receive()].map(brief);
  assert.deepEqual(got, ["NON 2.05 21C", 'NON 2.05 {"t":21}', "NON 2.05 21"]);
});

testWith(
  [],
  "An observation ends with an error of the handler, a reset, end() and remove()",
  async () => {
    await using hub = gateway({ log: new Log({ sink: () => {} }) });
    let code: "2.05" | "4.04" = "2.05";
    const resource = hub.coap("/x", () => ({ code, payload: "x" }), { observable: true });
    using probe = await Probe.open(hub);
    await probe.follow("/x", "a");
    code = "4.04";
    resource.changed();
    assert.deepEqual(await probe.news("a"), ["CON 4.04", undefined]);
    await eventually("the end", () => resource.observers === 0);
    assert.equal(brief(await probe.follow("/x", "a")), "4.04");
    code = "2.05";
    await probe.follow("/x", "b");
    resource.changed();
    const notification = await probe.next(bytes("b"));
    assert.equal(notification.type, NON);
    await probe.port.send(encode(new Message(RST, Code.empty, notification.id)), probe.to);
    await eventually("the end", () => resource.observers === 0);
    await probe.follow("/x", "c");
    resource.end("5.03", "Closed");
    assert.deepEqual(await probe.news("c"), ["CON 5.03", undefined]);
    await probe.follow("/x", "d");
    resource.remove();
    assert.deepEqual(await probe.news("d"), ["CON 4.04", undefined]);
    assert.equal(await probe.brief(Code.get, "/x"), "4.04");
    assert.throws(() => resource.end("2.05"), TypeError);
  },
);

testWith([], "Observers of a handler that says no more hear 5.04", async () => {
  await using hub = gateway();
  let answers = true;
  const resource = hub.coap(
    "/x",
    () => answers ? { payload: "x" } : new Promise(() => {}),
    { observable: true },
  );
  using probe = await Probe.open(hub, { maxAnswerMs: 20 });
  await probe.follow("/x", "t");
  answers = false;
  resource.changed();
  assert.deepEqual(await probe.news("t"), ["CON 5.04", undefined]);
  await eventually("the end", () => resource.observers === 0);
});

testWith(
  [],
  "Whoever is answered too late, or by a path that has gone, observes nothing",
  async () => {
    await using hub = gateway();
    const asked: ((payload: string) => void)[] = [];
    const handler = () =>
      new Promise<CoapResponse>((resolve) => asked.push((payload) => resolve({ payload })));
    const late = hub.coap("/late", handler, { observable: true });
    const gone = hub.coap("/gone", handler, { observable: true });
    using probe = await Probe.open(hub, { maxAnswerMs: 20, piggybackMs: 1 });
    assert.equal(brief(await probe.follow("/late", "a")), "CON 5.04");
    asked[0]!("too late");
    using patient = await Probe.open(hub);
    const answer = patient.follow("/gone", "b");
    await eventually("the handler to be asked", () => asked.length === 2);
    gone.remove();
    asked[1]!("still here");
    assert.equal(valueOf(await answer, Options.observe), undefined);
    assert.deepEqual([late.observers, gone.observers], [0, 0]);
    assert.equal(await probe.brief(Code.get, "/gone"), "4.04");
  },
);

testWith([], "A resource that is not observable answers an observer once", async () => {
  await using hub = gateway();
  hub.coap("/x", () => ({ payload: "x" }));
  using probe = await Probe.open(hub);
  assert.equal(valueOf(await probe.follow("/x", "t"), Options.observe), undefined);
});

testWith([], "Observers that come and go leave nothing behind", async () => {
  await using hub = gateway();
  const resource = hub.coap("/x", () => ({ payload: "x" }), { observable: true });
  using probe = await Probe.open(hub, { maxObserversPerPeer: 5 });
  for (let round = 0; round < 8; round++) {
    const first = await probe.follow("/x", `${round}`);
    assert.equal(valueOf(first, Options.observe) !== undefined, round < 5);
  }
  assert.equal(resource.observers, 5);
  await probe.follow("/x", "0");
  assert.equal(resource.observers, 5);
  for (let round = 0; round < 5; round++) {
    await probe.follow("/x", `${round}`, [new Option(Options.observe, uint(1))]);
  }
  assert.equal(resource.observers, 0);
  await probe.port.send(encode(request(Code.get, "/x", { type: NON, options: observe })), probe.to);
  await eventually("the observer", () => resource.observers === 1);
  resource.changed();
  assert.equal(brief(await probe.receive()), "NON 2.05 x");
});

testWith([], "The rest of a large notification belongs to its beginning", async () => {
  await using hub = gateway();
  let letter = "a";
  const resource = hub.coap("/large", () => ({ payload: letter.repeat(100) }), {
    observable: true,
  });
  using probe = await Probe.open(hub);
  const block = (number: number) => new Option(Options.block2, uint(number * 16 + 2));
  const first = await probe.follow("/large", "t", [...observe, block(0)]);
  assert.equal(brief(first), `2.05 ${"a".repeat(64)}`);
  assert.equal(await probe.brief(Code.get, "/large", [block(1)]), `2.05 ${"a".repeat(36)}`);
  for (letter of "bcd") {
    resource.changed();
    assert.equal((await probe.news("t"))[0], `NON 2.05 ${letter.repeat(64)}`);
    const rest = await probe.ask(Code.get, "/large", { options: [block(1)] });
    assert.equal(brief(rest), `2.05 ${letter.repeat(36)}`);
    assert.equal(valueOf(rest, Options.observe), undefined);
  }
  assert.equal(resource.observers, 1);
});
