import { coap, gateway, http, mqtt, tcp, udp } from "../../mod.ts";
import type { Hub, OpenDatagramSession, OpenSession } from "../../mod.ts";
import { Child } from "../interop/child.ts";
import { eventually } from "../interop/patience.ts";
import { program } from "../interop/programs.ts";

/** The default listeners on ports of their own, and a shell that takes those for the default ones. */
export class TourLab {
  subscriptions = 0;
  #ports = { http: 0, mqtt: 0, coap: 0 };
  readonly #hub = gateway();
  readonly #folder = Deno.makeTempDirSync();
  readonly #children: Child[] = [];

  async start(): Promise<void> {
    const web = this.#hub.listen(tcp({ port: 0 }), this.#counted(http()));
    const broker = this.#hub.listen(tcp({ port: 0 }), this.#counted(mqtt()));
    const endpoint = this.#hub.listen(udp({ port: 0 }), this.#counted(coap()));
    const addresses = await Promise.all([web.ready, broker.ready, endpoint.ready]);
    const [http_, mqtt_, coap_] = addresses.map(({ port }) => port);
    this.#ports = { http: http_!, mqtt: mqtt_!, coap: coap_! };
    // What Mosquitto's clients read before their command line.
    for (const client of ["mosquitto_pub", "mosquitto_sub"]) {
      await Deno.writeTextFile(`${this.#folder}/${client}`, `-h 127.0.0.1\n-p ${mqtt_}\n`);
    }
    await Deno.symlink(program("coap-client"), `${this.#folder}/coap-client`);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  /** Starts a command line as it stands in README.md. */
  shell(command: string): Child {
    const here = command.replaceAll("http://127.0.0.1:8080", this.origin)
      .replaceAll("coap://127.0.0.1/", `coap://127.0.0.1:${this.#ports.coap}/`);
    const env = {
      XDG_CONFIG_HOME: this.#folder,
      PATH: `${this.#folder}:${Deno.env.get("PATH")}`,
    };
    // In a group of its own, so that all of a pipeline can be ended.
    const child = new Child("setsid", ["bash", "-c", here], { env });
    this.#children.push(child);
    return child;
  }

  /** Starts a command that follows something, and resolves once it does. */
  async follower(command: string): Promise<Child> {
    const before = this.subscriptions;
    const child = this.shell(command);
    await eventually(`a subscription by ${command}`, () => this.subscriptions > before);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      try {
        Deno.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
      await child[Symbol.asyncDispose]();
    }
    await this.#hub.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #counted<Open extends OpenSession | OpenDatagramSession>(open: Open): Open {
    const begin = open as (wire: unknown, hub: Hub, now: number) => unknown;
    return ((wire: unknown, hub: Hub, now: number) => {
      const subscribe: Hub["subscribe"] = (...wish) => {
        this.subscriptions++;
        return hub.subscribe(...wish);
      };
      return begin(wire, wrapped(hub, { subscribe }), now);
    }) as Open;
  }
}

/** The same hub, with some of its methods replaced. */
function wrapped(hub: Hub, methods: Partial<Hub>): Hub {
  return new Proxy(hub, {
    get(target, name) {
      if (name in methods) return methods[name as keyof Hub];
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
