import assert from "node:assert/strict";
import { Folder } from "../actors/web/folder.ts";
import { testWith } from "../interop/programs.ts";
import { Plugtest, type Shown } from "./plugtest_client.ts";

const sizes = ["16", "32", "64", "128", "256", "512", "1024"];

/** Lines that say where they are, so that no block can take another's place. */
const body = Array.from({ length: 200 }, (_, line) => `line ${line} of what is sent`).join("\n");

function blockOf({ options }: Shown, name: "Block1" | "Block2"): string | undefined {
  return options.find((each) => each.startsWith(name))?.slice(name.length + 1);
}

// TD_COAP_BLOCK_01, 02 and 06
testWith(
  ["coap-client"],
  "Plugtest: /large comes in blocks of the size that is asked for",
  async () => {
    await using at = await Plugtest.start();
    const whole = await at.body("/large");
    assert.match(whole, /^0001[^]*0024\.+\n$/);
    for (const size of sizes) {
      const messages = await at.messages("/large", "-b", size, "-o", "/dev/null");
      const blocks = messages.flatMap((each) =>
        each.code === "2.05" ? [blockOf(each, "Block2")] : []
      );
      const count = Math.ceil(1_536 / Number(size));
      const expected = Array.from(
        { length: count },
        (_, at) => `${at}/${at < count - 1 ? "M" : "_"}/${size}`,
      );
      assert.deepEqual(blocks, expected);
      assert.equal(await at.body("/large", "-b", size), whole, size);
    }
    const unasked = await at.messages("/large", "-o", "/dev/null");
    assert.deepEqual(unasked.slice(1).map((each) => blockOf(each, "Block2")), [
      "0/M/1024",
      "1/_/1024",
    ]);
  },
);

// TD_COAP_BLOCK_03
testWith(
  ["coap-client"],
  "Plugtest: /large-update takes and gives blocks of all sizes",
  async () => {
    await using folder = await Folder.make({ body });
    await using at = await Plugtest.start();
    for (const size of sizes) {
      await at.answer("/large-update", "-m", "put", "-e", `before ${size}`);
      const put = ["-b", size, "-m", "put", "-t", "0", "-f", `${folder.path}/body`];
      const answer = await at.answer("/large-update", ...put);
      assert.equal(answer.code, "2.04");
      assert.equal(blockOf(answer, "Block1")?.split("/")[2], size);
      assert.equal(await at.body("/large-update", "-b", size), body, size);
    }
  },
);

// TD_COAP_BLOCK_04
testWith(
  ["coap-client"],
  "Plugtest: /large-create says where what it took can be read",
  async () => {
    await using folder = await Folder.make({ body });
    await using at = await Plugtest.start();
    for (const [index, size] of ["64", "1024"].entries()) {
      const post = ["-b", size, "-m", "post", "-t", "0", "-f", `${folder.path}/body`];
      const answer = await at.answer("/large-create", ...post);
      assert.deepEqual([answer.code, ...answer.options.slice(0, 2)], [
        "2.01",
        "Location-Path:large-create",
        `Location-Path:${index + 1}`,
      ]);
      assert.equal(await at.body(`/large-create/${index + 1}`), body);
    }
    assert.equal((await at.answer("/large-create/3")).code, "4.04");
  },
);

// TD_COAP_BLOCK_05
testWith(["coap-client"], "Plugtest: /large-post takes blocks and answers in blocks", async () => {
  await using folder = await Folder.make({ body });
  await using at = await Plugtest.start();
  for (const size of sizes) {
    const post = ["-b", size, "-m", "post", "-f", `${folder.path}/body`];
    const answer = await at.body("/large-post", ...post);
    assert.match(answer, new RegExp(`^0001[^]*You sent ${body.length} bytes$`));
  }
});

/** The Observe option, which counts. */
function sequenceOf({ options }: Shown): number {
  return Number(options.find((each) => each.startsWith("Observe:"))?.slice("Observe:".length));
}

// TD_COAP_OBS_01 and 02
for (const [path, type] of [["/obs", "CON"], ["/obs-non", "NON"]] as const) {
  testWith(
    ["coap-client"],
    `Plugtest: observers of ${path} hear ${type} notifications`,
    async () => {
      await using at = await Plugtest.start({ everyMs: 20 });
      await using observer = at.observe(path);
      const [first, ...news] = await observer.first(15);
      assert.deepEqual([first!.type, first!.code], ["ACK", "2.05"]);
      assert.ok(first!.options.includes("Content-Format:text/plain"));
      let sequence = sequenceOf(first!), count = Number(first!.payload);
      for (const each of news) {
        assert.deepEqual([each.type, each.code, each.token], [type, "2.05", first!.token]);
        assert.ok(sequenceOf(each) > sequence && Number(each.payload) > count);
        sequence = sequenceOf(each);
        count = Number(each.payload);
      }
    },
  );
}

// TD_COAP_OBS_07
testWith(["coap-client"], "Plugtest: observers of /obs hear that it was deleted", async () => {
  await using at = await Plugtest.start();
  await using observer = at.observe("/obs");
  await observer.first(1);
  assert.equal((await at.answer("/obs", "-m", "delete")).code, "2.02");
  await observer.child.complains("4.04 Deleted");
});

// TD_COAP_OBS_08
testWith(
  ["coap-client"],
  "Plugtest: observers of /obs hear 5.00 when its format changes",
  async () => {
    await using at = await Plugtest.start();
    await using observer = at.observe("/obs");
    await observer.first(1);
    await at.answer("/obs", "-m", "put", "-t", "50", "-e", '"json"');
    await observer.child.complains("5.00 The format is 50 now");
  },
);

// TD_COAP_OBS_09 and 10
testWith(
  ["coap-client"],
  "Plugtest: observers of /obs hear what is put, and go on beside a GET",
  async () => {
    await using at = await Plugtest.start();
    await using observer = at.observe("/obs");
    await observer.first(1);
    await at.answer("/obs", "-m", "put", "-t", "0", "-e", "put here");
    await observer.heard("what was put", ({ payload }) => payload === "put here");
    assert.equal(await at.body("/obs"), "put here");
    await observer.heard("the next count", ({ payload }) => /^\d+$/.test(payload));
  },
);

// The block-wise transfer of notifications (RFC 7959 §3.4)
testWith(
  ["coap-client"],
  "Plugtest: /obs-large is told in blocks, of which the rest is asked for",
  async () => {
    await using at = await Plugtest.start({ everyMs: 300 });
    await using observer = at.observe("/obs-large");
    const last = ({ options }: Shown) => options.some((each) => each === "Block2:1/_/1024");
    const told = ({ type, options }: Shown) =>
      type === "CON" && options.includes("Block2:0/M/1024");
    await observer.heard("the rest", last);
    const { payload } = await observer.heard("a notification", told);
    assert.match(payload, /^\d+\\x0A0001/);
  },
);

testWith(["coap-client"], "Plugtest: POST to /obs-reset ends all observations", async () => {
  await using at = await Plugtest.start();
  await using plain = at.observe("/obs");
  await using non = at.observe("/obs-non");
  await Promise.all([plain.first(1), non.first(1)]);
  assert.equal((await at.answer("/obs-reset", "-m", "post", "-e", "now")).code, "2.04");
  for (const each of [plain, non]) await each.child.complains("5.03 Reset");
});
