import { connection } from "../../../actors/connections/connection.ts";
import {
  connectionDefaults,
  type ConnectionLimits,
} from "../../../actors/connections/connection_options.ts";
import { Log } from "../../../actors/log.ts";
import { Space } from "../../../actors/space/space.ts";
import { Supervisor } from "../../../actors/supervisor.ts";
import { memoryPair } from "../../../transports/memory.ts";
import type { ByteStream } from "../../../transports/transport.ts";
import { FakeClock, settle } from "../fakes.ts";
import { LineSession } from "./line_session.ts";

/** Connections of line sessions in one topic space, each with its client's end of the stream. */
export class Bench {
  readonly clock = new FakeClock();
  readonly space = new Space({ clock: this.clock });
  readonly lines: string[] = [];
  readonly supervisor = new Supervisor("test", {
    clock: this.clock,
    crashed: (name, error) => this.lines.push(`${name} ${(error as Error).message}`),
  });
  readonly log = new Log({ level: "debug", sink: (line) => this.lines.push(line) });
  readonly sessions: LineSession[] = [];

  connect(limits: Partial<ConnectionLimits> = {}, capacityBytes = 1 << 16): Client {
    const [client, server] = memoryPair({ capacityBytes });
    const name = `c${this.sessions.length}`;
    const options = {
      listener: "memory",
      open: (...[wire, hub]: ConstructorParameters<typeof LineSession>) => {
        const session = new LineSession(wire, hub);
        this.sessions.push(session);
        return session;
      },
      space: this.space,
      log: this.log,
      limits: { ...connectionDefaults, ...limits },
    };
    this.supervisor.spawn(name, connection(server, options), { mailbox: 65_536 });
    return new Client(client);
  }
}

export class Client {
  text = "";
  ended = false;
  constructor(readonly stream: ByteStream) {}

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.stream.write(bytes.subarray(at));
    await settle();
  }

  /** Reads until `wanted` has come, or the end. */
  async until(wanted: string): Promise<string> {
    const buffer = new Uint8Array(65_536);
    while (!this.text.includes(wanted) && !this.ended) {
      const count = await this.stream.read(buffer);
      if (count === null) this.ended = true;
      else this.text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return this.text;
  }
}
