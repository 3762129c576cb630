import { Child, run } from "../../interop/child.ts";
import { program } from "../../interop/programs.ts";

/** What coap-client prints for one request: a payload, or the code of an error and its reason. */
export async function coap(method: string, url: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(
    program("coap-client"),
    ...["-B", "20", "-m", method, ...args, url],
  );
  return (new TextDecoder().decode(stdout) + stderr).trim();
}

/** The code that answers a request, such as `2.04`. */
export async function coapCode(method: string, url: string, ...args: string[]): Promise<string> {
  const said = await coap(method, url, "-v", "6", ...args);
  return /t:ACK c:(\d\.\d\d)/.exec(said)?.[1] ?? said;
}

/** A coap-client that observes; it prints each payload on a line of its own. */
export function coapObserver(url: string): Child {
  return new Child(program("coap-client"), ["-s", "60", "-w", url]);
}

/** Bytes as the `-e` of coap-client has them. */
export function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

/** Publishes as mosquitto_pub does. */
export async function mosquitto(port: number, topic: string, ...args: string[]): Promise<void> {
  await run(program("mosquitto_pub"), "-p", `${port}`, "-t", topic, "-q", "1", ...args);
}

/** A mosquitto_sub that has subscribed, and prints `topic payload` lines. */
export async function mosquittoFollower(port: number, filter: string): Promise<Child> {
  const args = ["-p", `${port}`, "-t", filter, "-t", "ready", "-q", "1", "-F", "%t %p"];
  const child = new Child(program("mosquitto_sub"), args);
  await mosquitto(port, "ready", "-r", "-m", "yes");
  await child.until("a line", () => child.lines.includes("ready yes") || undefined);
  return child;
}
