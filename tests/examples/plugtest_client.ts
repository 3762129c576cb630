import { main } from "../../examples/coap_plugtest.ts";
import { Child, run } from "../interop/child.ts";
import { program } from "../interop/programs.ts";

/** One message, as coap-client shows it. */
export interface Shown {
  type: string;
  code: string;
  token: string;
  /** Such as `Content-Format:text/plain`. */
  options: string[];
  payload: string;
}

/** What coap-client has shown so far with `-v 6`, requests and answers. */
function shown(text: string): Shown[] {
  const message = /v:1 t:(\w+) c:([\w.]+) i:\w+ \{(\w*)\} \[ (.*?)\]( :: '(.*)')?/g;
  return [...text.matchAll(message)].map(([, type, code, token, options, , payload = ""]) => ({
    type: type!,
    code: code!,
    token: token!,
    options: options!.trim().split(", ").filter((each) => each !== ""),
    payload,
  }));
}

/** The plugtest server, and coap-client to try it out with. */
export class Plugtest implements AsyncDisposable {
  /** The same over TCP when it is `coap+tcp`. */
  scheme: "coap" | "coap+tcp" = "coap";

  constructor(readonly server: Awaited<ReturnType<typeof main>>) {}

  static async start(times: { everyMs?: number; separateMs?: number } = {}): Promise<Plugtest> {
    return new Plugtest(await main(0, times));
  }

  url(path: string): string {
    const { ports } = this.server, port = this.scheme === "coap" ? ports.udp : ports.tcp;
    return `${this.scheme}://127.0.0.1:${port}${path}`;
  }

  /** The body that a request is answered with; the reason, for an error. */
  async body(path: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(
      program("coap-client"),
      "-B",
      "20",
      ...args,
      this.url(path),
    );
    // It ends a body that has no end of line with one.
    return new TextDecoder().decode(stdout).replace(/\n$/, "") + stderr.trimEnd();
  }

  /** All messages of a request and its answer. */
  async messages(path: string, ...args: string[]): Promise<Shown[]> {
    const all = ["-v", "6", "-B", "20", ...args, this.url(path)];
    const { stdout } = await run(program("coap-client"), ...all);
    return shown(new TextDecoder().decode(stdout));
  }

  /** The last message of an exchange: the answer, or its last block. */
  async answer(path: string, ...args: string[]): Promise<Shown> {
    return (await this.messages(path, ...args)).at(-1)!;
  }

  /** Follows a path until it is disposed of. */
  observe(path: string, ...args: string[]): Observer {
    const all = ["-v", "6", "-w", "-s", "60", ...args, this.url(path)];
    return new Observer(new Child(program("coap-client"), all));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.hub.stop({ drainMs: 100 });
  }
}

/** coap-client, observing. */
export class Observer implements AsyncDisposable {
  constructor(readonly child: Child) {}

  /** The first answer or notification that `fits`. */
  heard(what: string, fits: (message: Shown) => boolean): Promise<Shown> {
    return this.child.until(
      what,
      () =>
        shown(new TextDecoder().decode(this.child.stdout)).find((each) =>
          each.code !== "GET" && fits(each)
        ),
    );
  }

  /** The first so many answers and notifications. */
  first(count: number): Promise<Shown[]> {
    return this.child.until(`${count} messages`, () => {
      const all = shown(new TextDecoder().decode(this.child.stdout));
      const heard = all.filter(({ code }) => code !== "GET");
      return heard.length >= count ? heard.slice(0, count) : undefined;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
