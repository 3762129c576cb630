import { type Delivery, Publication } from "../../../protocols/publication.ts";
import { type Hub, ProtocolError, type Session, type Wire } from "../../../protocols/session.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A protocol of lines for tests of what drives sessions: `sub T`, `pub T TEXT`, `crash`, `bad` …. */
export class LineSession implements Session {
  label = "line";
  deadline = Infinity;
  congested = false;
  received = 0;
  drains = 0;
  fulls = 0;
  seen: string[] = [];

  constructor(readonly wire: Wire, readonly hub: Hub) {}

  receive(bytes: Uint8Array, now: number): number {
    let used = 0;
    while (!this.wire.paused) {
      const end = bytes.indexOf(10, used);
      if (end < 0) break;
      const line = decoder.decode(bytes.subarray(used, end));
      used = end + 1;
      this.received++;
      this.line(line, now);
      if (line === "upgrade") break;
    }
    return used;
  }

  line(line: string, now: number): void {
    const [verb, topic = "", ...rest] = line.split(" ");
    switch (verb) {
      case "sub":
        return void this.hub.subscribe(topic, { qos: 2 });
      case "pub": {
        const payload = encoder.encode(rest.join(" "));
        return this.say(this.hub.publish(new Publication(topic, payload)));
      }
      case "pub1": {
        const payload = encoder.encode(rest.join(" "));
        return this.say(this.hub.publish(new Publication(topic, payload, { qos: 1 })));
      }
      case "say":
        return this.say([topic, ...rest].join(" "));
      case "crash":
        throw new Error("boom");
      case "bad":
        throw new ProtocolError("Cannot read that", 1);
      case "close":
        return this.wire.close();
      case "later":
        return void (this.deadline = now + 1000);
      case "upgrade":
        return this.wire.upgrade(new ShoutingSession(this.wire, this.hub));
      default:
        return;
    }
  }

  say(text: string): void {
    this.wire.send(encoder.encode(`${text}\n`));
  }

  deliver({ publication }: Delivery): void {
    const text = `${publication.topic}=${publication.text()}`;
    this.seen.push(text);
    if (this.wire.full) this.fulls++;
    if (!this.wire.send(encoder.encode(`${text}\n`))) this.wire.close();
  }

  signal(signal: unknown): void {
    this.say(`signal ${signal}`);
  }

  refuse(error: ProtocolError): void {
    this.say(`refused: ${error.message}`);
  }

  tick(): void {
    this.deadline = Infinity;
    this.say("tick");
  }

  drained(): void {
    this.drains++;
  }

  overloaded(): void {
    this.say("overloaded");
  }

  shutdown(): void {
    this.say("bye");
    this.wire.close();
  }

  ended(): void {
    this.seen.push("ended");
  }
}

class ShoutingSession extends LineSession {
  override say(text: string): void {
    super.say(text.toUpperCase());
  }
}
