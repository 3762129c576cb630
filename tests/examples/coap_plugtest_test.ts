import assert from "node:assert/strict";
import { testWith } from "../interop/programs.ts";
import { Plugtest } from "./plugtest_client.ts";

const methods: [method: string, code: string][] = [
  ["get", "2.05"],
  ["delete", "2.02"],
  ["put", "2.04"],
  ["post", "2.01"],
];
for (const [type, args] of [["CON", []], ["NON", ["-N"]]] as const) {
  for (const [method, code] of methods) {
    // TD_COAP_CORE_01 to 08
    testWith(
      ["coap-client"],
      `Plugtest: ${method.toUpperCase()} of /test in ${type} mode is ${code}`,
      async () => {
        await using at = await Plugtest.start();
        const body = method === "put" || method === "post" ? ["-e", "arbitrary", "-t", "0"] : [];
        const [asked, answer] = await at.messages("/test", "-m", method, ...args, ...body);
        assert.deepEqual([asked!.type, asked!.code], [type, method.toUpperCase()]);
        assert.deepEqual([answer!.type, answer!.code], [type === "CON" ? "ACK" : "NON", code]);
        assert.equal(answer!.token, asked!.token);
        if (method === "get") {
          assert.deepEqual(answer!.options, ["Content-Format:text/plain"]);
          assert.equal(answer!.payload, "Hello, plugtest");
        }
      },
    );
  }
}

testWith(["coap-client"], "Plugtest: /test holds what was put until it is deleted", async () => {
  await using at = await Plugtest.start();
  await at.answer("/test", "-m", "put", "-e", "mine");
  assert.equal(await at.body("/test"), "mine");
  await at.answer("/test", "-m", "delete");
  assert.equal(await at.body("/test"), "Hello, plugtest");
});

// TD_COAP_CORE_09 and 17
testWith(["coap-client"], "Plugtest: /separate is answered in a message of its own", async () => {
  await using at = await Plugtest.start({ separateMs: 400 });
  const [, confirmed] = await at.messages("/separate");
  assert.deepEqual([confirmed!.type, confirmed!.code], ["CON", "2.05"]);
  assert.equal(confirmed!.payload, "That took a while");
  const [asked, plain] = await at.messages("/separate", "-N");
  assert.deepEqual([plain!.type, plain!.code, plain!.token], ["NON", "2.05", asked!.token]);
});

// TD_COAP_CORE_10 to 12
testWith(["coap-client"], "Plugtest: an answer has the token of its request", async () => {
  await using at = await Plugtest.start({ separateMs: 400 });
  for (const token of ["a", "12345678"]) {
    for (const path of ["/test", "/separate"]) {
      const messages = await at.messages(path, "-T", token);
      const [asked, answer] = messages.map((each) => each.token);
      // coap-client counts on from what it is given.
      assert.deepEqual([asked!.length, answer], [2 * token.length, asked], `${token} ${path}`);
    }
  }
});

// TD_COAP_CORE_13 and 14
testWith(
  ["coap-client"],
  "Plugtest: paths and queries of several parts arrive part by part",
  async () => {
    await using at = await Plugtest.start();
    assert.equal(await at.body("/seg1/seg2/seg3"), "This is /seg1/seg2/seg3");
    assert.equal(await at.body("/query?first=1&second=2&third=3"), "first=1\nsecond=2\nthird=3");
  },
);

// TD_COAP_CORE_15 and 16: the first datagram, or every fourth, is lost.
testWith(["coap-client"], "Plugtest: what is lost on its way is sent again", async () => {
  await using at = await Plugtest.start({ separateMs: 400 });
  assert.equal(await at.body("/test", "-l", "1"), "Hello, plugtest");
  assert.equal(await at.body("/separate", "-l", "1"), "That took a while");
});

// TD_COAP_CORE_18 and 19
testWith(
  ["coap-client"],
  "Plugtest: POST says where the new one is, in path and query",
  async () => {
    await using at = await Plugtest.start();
    const created = await at.answer("/test", "-m", "post", "-e", "new");
    assert.deepEqual([created.code, ...created.options], [
      "2.01",
      "Location-Path:location1",
      "Location-Path:location2",
      "Location-Path:location3",
    ]);
    const query = await at.answer("/location-query", "-m", "post", "-e", "new");
    assert.equal(query.code, "2.01");
    assert.deepEqual(query.options.filter((each) => each.startsWith("Location-Query")), [
      "Location-Query:first=1",
      "Location-Query:second=2",
    ]);
  },
);

// TD_COAP_CORE_20
const accepted: [format: string, name: string, payload: RegExp][] = [
  ["0", "text/plain", /^21\.5 degrees$/],
  ["41", "application/xml", /^<celsius>21\.5<\/celsius>$/],
  ["50", "application/json", /^\{"celsius":21\.5\}$/],
  ["60", "application/cbor", /./],
];
for (const [format, name, payload] of accepted) {
  testWith(
    ["coap-client"],
    `Plugtest: /multi-format has ${name} for Accept ${format}`,
    async () => {
      await using at = await Plugtest.start();
      const answer = await at.answer("/multi-format", "-A", format);
      assert.deepEqual([answer.code, ...answer.options], ["2.05", `Content-Format:${name}`]);
      assert.match(await at.body("/multi-format", "-A", format), payload);
    },
  );
}
testWith(
  ["coap-client"],
  "Plugtest: /multi-format is 4.06 for a format that it has not",
  async () => {
    await using at = await Plugtest.start();
    assert.equal((await at.answer("/multi-format", "-A", "47")).code, "4.06");
  },
);

// TD_COAP_CORE_21 and 22
testWith(
  ["coap-client"],
  "Plugtest: /validate says that a value is valid, and guards it",
  async () => {
    await using at = await Plugtest.start();
    const etagOf = (options: string[]) =>
      options.find((each) => each.startsWith("ETag:"))!.slice("ETag:".length);
    const first = await at.answer("/validate"), etag = etagOf(first.options);
    const known = await at.answer("/validate", "-O", `4,${etag}`);
    assert.deepEqual([known.code, known.options, known.payload], ["2.03", [`ETag:${etag}`], ""]);
    const put = (match: string) =>
      at.answer("/validate", "-m", "put", "-e", "new", "-O", `1,${match}`);
    assert.equal((await put(etag)).code, "2.04");
    assert.equal((await put(etag)).code, "4.12");
    const changed = await at.answer("/validate", "-O", `4,${etag}`);
    assert.deepEqual([changed.code, changed.payload], ["2.05", "new"]);
    assert.notEqual(etagOf(changed.options), etag);
  },
);

// TD_COAP_CORE_23
testWith(["coap-client"], "Plugtest: /create1 is created once with If-None-Match", async () => {
  await using at = await Plugtest.start();
  const put = () => at.answer("/create1", "-m", "put", "-e", "once", "-O", "5");
  assert.equal((await put()).code, "2.01");
  assert.equal((await put()).code, "4.12");
  assert.equal((await at.answer("/create1", "-m", "put", "-e", "again")).code, "2.04");
  await at.answer("/create1", "-m", "delete");
  assert.equal((await at.answer("/create1")).code, "4.04");
  assert.equal((await put()).code, "2.01");
});

// RFC 8132
testWith(["coap-client"], "Plugtest: /fetch gives parts of a value, and changes some", async () => {
  await using at = await Plugtest.start();
  const fetch = () => at.body("/fetch", "-m", "fetch", "-t", "50", "-e", '["lamp"]');
  assert.equal(await fetch(), '{"lamp":"on"}');
  for (const [method, lamp] of [["patch", "off"], ["ipatch", "dim"]] as const) {
    const patch = ["-m", method, "-t", "52", "-e", JSON.stringify({ lamp })];
    assert.equal((await at.answer("/fetch", ...patch)).code, "2.04");
    assert.equal(await fetch(), JSON.stringify({ lamp }));
  }
  assert.equal((await at.answer("/fetch", "-m", "patch", "-t", "50", "-e", "{}")).code, "4.15");
  assert.equal(await at.body("/fetch"), '{"lamp":"dim","celsius":21.5}');
});

const everything = ["/link1", "/link2", "/link3"];
const filters: [query: string, targets: string[]][] = [
  // TD_COAP_LINK_02 to 08
  ["rt=Type1", ["/link1", "/link3"]],
  ["rt=Type2", ["/link1", "/link2"]],
  ["rt=Type*", everything],
  ["if=If1", ["/link1"]],
  ["if=If*", ["/link1", "/link2"]],
  ["if=foo", ["/link3"]],
  ["sz=*", ["/large", "/large-update"]],
  ["href=/link1", ["/link1"]],
  ["href=/link*", everything],
  ["ct=40", ["/path", "/ps", "/pubsub", "/topics"]],
  ["rt=observe&obs", ["/obs", "/obs-large", "/obs-non"]],
  ["rt=none", []],
];
for (const [query, targets] of filters) {
  testWith(
    ["coap-client"],
    `Plugtest: ?${query} finds ${targets.join(" ") || "nothing"}`,
    async () => {
      await using at = await Plugtest.start();
      const links = await at.body(`/.well-known/core?${query}`);
      assert.deepEqual([...links.matchAll(/<(.*?)>/g)].map(([, target]) => target).sort(), targets);
    },
  );
}

// TD_COAP_LINK_01 and 09
testWith(["coap-client"], "Plugtest: everything is found from /.well-known/core on", async () => {
  await using at = await Plugtest.start();
  const answer = await at.answer("/.well-known/core");
  assert.ok(answer.options.includes("Content-Format:application/link-format"));
  const links = await at.body("/.well-known/core");
  for (const path of ["/test", "/separate", "/large", "/obs", "/path", "/validate", "/fetch"]) {
    assert.match(links, new RegExp(`<${path}>`));
  }
  const below = await at.body("/path");
  assert.equal(below, "</path/sub1>,</path/sub2>,</path/sub3>");
  assert.equal(await at.body("/path/sub2"), "This is /path/sub2");
});
