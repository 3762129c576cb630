import assert from "node:assert/strict";
import { Folder } from "../actors/web/folder.ts";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { doors } from "./doors.ts";
import { start } from "./meerkat.ts";

const ann =
  "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCxW/Rl" +
  "Kl3DLncb1pIhBl3EdL0J9wrMNQ==\n";

testWith(
  ["curl", "coap-client"],
  "curl exchanges a password for a token that opens all four doors",
  async () => {
    await using folder = await Folder.make({ users: ann });
    const auth = [
      { type: "login", path: "/session", lasts: "1h", cookie: "login" },
      { type: "passwords", file: "users" },
    ];
    const listen = ["http", "mqtt", "coap"].map((each) => `${each}://127.0.0.1:0`);
    await folder.write("meerkat.json", JSON.stringify({ listen, auth }));
    await using child = start(["--config", `${folder.path}/meerkat.json`]);
    const lines = await child.linesFrom(0, 3);
    const [http, mqtt, coap] = lines.map((line) => Number(/:(\d+)$/.exec(line)![1]));
    const ports = { http: http!, mqtt: mqtt!, coap: coap! };
    const curl = async (...args: string[]) => {
      const { stdout } = await run(program("curl"), "-sS", ...args);
      return new TextDecoder().decode(stdout);
    };
    const session = `http://127.0.0.1:${http}/session`, jar = `${folder.path}/jar`;
    const { token, user } = JSON.parse(
      await curl("-X", "POST", "-u", "ann:secret", "-c", jar, session),
    );
    assert.equal(user, "ann");
    const words = { http: "201", websocket: "101", mqtt: "0x10", coap: "2.xx" };
    for (const [door, word] of Object.entries(words)) {
      assert.equal(await doors[door]!(ports, `t/${door}`, { token }), word, door);
    }
    const code = ["-o", "/dev/null", "-w", "%{http_code}"];
    const topics = `http://127.0.0.1:${http}/topics/t/http`;
    assert.equal(await curl(...code, "-b", jar, "-X", "PUT", "-d", "1", topics), "204");
    assert.equal(await curl(...code, "-X", "PUT", "-d", "1", topics), "401");
    assert.equal(await curl(...code, "-X", "POST", "-u", "ann:guess", session), "401");
  },
);
