import assert from "node:assert/strict";
import { main } from "../../examples/all.ts";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { follow, received } from "./mqtt_follower.ts";

const needed = ["mosquitto_sub", "coap-client"] as const;

testWith(
  needed,
  "One TCP port for MQTT and HTTP, one of UDP for CoAP, one topic space",
  async () => {
    const { hub, ports } = await main({ tcp: 0, udp: 0 });
    await using _ = hub;
    await using client = await follow(hub, ports.tcp, "#");

    const origin = `http://127.0.0.1:${ports.tcp}`;
    const posted = await fetch(`${origin}/topics/greeting`, { method: "POST", body: "hello" });
    assert.equal(posted.status, 204);
    await received(client, "greeting hello");

    const temperature = `coap://127.0.0.1:${ports.udp}/topics/room/temperature`;
    await run(program("coap-client"), "-m", "put", "-e", "21.5", temperature);
    await received(client, "room/temperature 21.5");

    const same = `coap+tcp://127.0.0.1:${ports.tcp}/topics/room/temperature`;
    const { stdout } = await run(program("coap-client"), same);
    assert.equal(new TextDecoder().decode(stdout), "21.5\n");

    const tree = await (await fetch(`${origin}/tree`)).text();
    assert.match(tree, /"session":"mqtt 3.1.1 /);
    assert.match(tree, /"session":"http GET \/tree"/);
  },
);
