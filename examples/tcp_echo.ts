/**
 * A protocol of your own: TCP echo. The gateway brings the actor, the limits and the shutdown.
 *
 *   deno run -A examples/tcp_echo.ts
 *   echo hello | nc -N 127.0.0.1 7007
 *
 * Try: yes | nc 127.0.0.1 7007 | sleep 60, a client that never reads; its "yes" comes to a halt.
 */
import { gateway, type Session, tcp, type Wire } from "../mod.ts";

/** One peer. Every method is called in a turn of that peer's own actor, one after another. */
class Echo implements Session {
  readonly label = "echo";
  readonly deadline = Infinity;

  constructor(readonly wire: Wire) {}

  receive(bytes: Uint8Array): number {
    // A peer that does not read what comes back is not read from: no more is needed.
    if (this.wire.full) {
      this.wire.pause();
      return 0;
    }
    this.wire.send(bytes);
    return bytes.length;
  }

  drained(): void {
    this.wire.resume();
  }

  shutdown(): void {
    this.wire.close();
  }

  // Echo subscribes to nothing, has no rules to break, no deadline, and nothing to release.
  deliver(): void {}
  refuse(): void {}
  tick(): void {}
  ended(): void {}
}

export async function main(port = 7007) {
  const hub = gateway();
  const listening = hub.listen(tcp({ port }), (wire) => new Echo(wire));
  const address = await listening.ready;
  console.log(`Echo on port ${address.port}`);
  return { hub, port: address.port };
}

if (import.meta.main) await main();
