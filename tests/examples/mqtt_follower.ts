import type { gateway } from "../../mod.ts";
import { Child } from "../interop/child.ts";
import { program } from "../interop/programs.ts";

/** Where a client hears, by a stored value, that its subscriptions are in effect. */
const READY = "test/ready";

/** Starts an MQTT client that prints `topic payload` for each message; it is subscribed by then. */
export async function follow(
  hub: ReturnType<typeof gateway>,
  port: number,
  filter: string,
): Promise<Child> {
  hub.publish(READY, "yes", { retain: true });
  const filters = ["-t", filter, "-t", READY];
  const options = ["-h", "127.0.0.1", "-p", `${port}`, "-F", "%t %p"];
  const client = new Child(program("mosquitto_sub"), [...options, ...filters]);
  await received(client, `${READY} yes`);
  return client;
}

/** Resolves once a follower has printed `line`. */
export function received(client: Child, line: string): Promise<string> {
  return client.until(`"${line}"`, () => client.lines.find((each) => each === line));
}
