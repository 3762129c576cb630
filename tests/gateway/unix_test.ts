import assert from "node:assert/strict";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { listening } from "./meerkat.ts";

testWith(
  ["curl", "mosquitto_pub", "mosquitto_sub"],
  "Unix sockets serve curl and mosquitto, and are gone with the gateway",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const web = `${folder}/web.sock`, broker = `${folder}/broker.sock`;
      await using gateway = await listening([`http+unix:${web}`, `mqtt+unix:${broker}`]);
      assert.deepEqual(gateway.lines, [
        `listening http+unix:${web}`,
        `listening mqtt+unix:${broker}`,
      ]);
      const topic = ["--unix", broker, "-t", "a", "-q", "1"];
      await run(program("mosquitto_pub"), ...topic, "-r", "-m", "through a file");
      const url = "http://here/topics/a";
      const got = await run(program("curl"), "-sS", "--fail", "--unix-socket", web, url);
      assert.equal(new TextDecoder().decode(got.stdout), "through a file");
      const heard = await run(program("mosquitto_sub"), ...topic, "-C", "1", "-W", "20");
      assert.equal(new TextDecoder().decode(heard.stdout), "through a file\n");
      gateway.child.kill("SIGTERM");
      assert.equal((await gateway.child.ended()).code, 0);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(["curl"], "A socket file that a killed gateway left behind is taken over", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const url = `http+unix:${folder}/web.sock`;
    await using killed = await listening([url]);
    killed.child.kill("SIGKILL");
    await killed.child.ended();
    await using next = await listening([url]);
    const args = ["-sS", "--fail", "--unix-socket", `${folder}/web.sock`, "http://here/topics/"];
    assert.match(new TextDecoder().decode((await run(program("curl"), ...args)).stdout), /^\[\]/);
    next.child.kill("SIGTERM");
    assert.equal((await next.child.ended()).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
