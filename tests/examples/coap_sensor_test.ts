import { main } from "../../examples/coap_sensor.ts";
import { testWith } from "../interop/programs.ts";
import { follow, received } from "./mqtt_follower.ts";

testWith(["mosquitto_sub"], "The sensor's readings come by CoAP and leave by MQTT", async () => {
  const { hub, ports } = await main({ coap: 0, mqtt: 0 });
  await using _ = hub;
  await using client = await follow(hub, ports.mqtt, "greenhouse/#");
  await received(client, "greenhouse/temperature 21.0");
  await received(client, "greenhouse/temperature 21.1");
});
