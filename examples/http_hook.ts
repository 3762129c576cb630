/**
 * A web hook that becomes MQTT messages.
 *
 *   deno run -A examples/http_hook.ts
 *   mosquitto_sub -v -t 'builds/#'
 *   curl http://127.0.0.1:8080/hooks/build --json '{"project":"site","status":"failed"}'
 *
 * Try: curl http://127.0.0.1:8080/topics/builds/site/status, for the last status is kept there;
 * a body that is not JSON; a project called "#".
 */
import { gateway, http, mqtt, tcp } from "../mod.ts";

interface Build {
  project: string;
  status: string;
}

export async function main(ports = { http: 8080, mqtt: 1883 }) {
  const hub = gateway();
  const web = hub.listen(tcp({ port: ports.http }), http());
  const broker = hub.listen(tcp({ port: ports.mqtt }), mqtt());

  hub.handle("/hooks/build", async (request) => {
    if (request.method !== "POST") return answer(405, "POST a build as JSON", { allow: "POST" });
    const build: unknown = await request.json().catch(() => undefined);
    if (!isBuild(build)) {
      return answer(400, 'Cannot read the build: {"project":"site","status":"passed"} is one');
    }
    const { project, status } = build;
    hub.publish(`builds/${project}/status`, status, { retain: true, qos: 1 });
    const outcome = hub.publish(`builds/${project}/finished`, JSON.stringify(build), {
      contentType: "application/json",
      qos: 1,
    });
    // "unmatched" means that nobody listens at the moment, which is nobody's fault.
    return outcome === "overloaded" ? answer(503, "Try again") : answer(202, "Published");
  });

  const [{ port }, { port: mqttPort }] = await Promise.all([web.ready, broker.ready]);
  console.log(`POST to http://127.0.0.1:${port}/hooks/build; MQTT is on port ${mqttPort}`);
  return { hub, ports: { http: port, mqtt: mqttPort } };
}

function answer(status: number, text: string, headers?: HeadersInit): Response {
  return new Response(`${text}\n`, { status, headers });
}

/** True for a project that is a single level of a topic, without wildcards. */
function isBuild(value: unknown): value is Build {
  const { project, status } = (value ?? {}) as Partial<Build>;
  return typeof project === "string" && /^[\w.-]+$/.test(project) && typeof status === "string";
}

if (import.meta.main) await main();
