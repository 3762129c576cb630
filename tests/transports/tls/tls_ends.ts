import { SocketStream } from "../../../transports/socket.ts";
import type { SecureOptions } from "../../../transports/tls/secure.ts";
import { tls } from "../../../transports/tls/tls.ts";
import type { ByteStream, Listener } from "../../../transports/transport.ts";
import { type Ends, settled, strict } from "../streams.ts";
import { certificates, hasOpenssl, type Identity, orSkipped } from "./certificates.ts";

/** A test that needs certificates. */
export function testTls(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `tls() ${name}${orSkipped}`, ignore: !hasOpenssl, ...strict, fn });
}

/** A listener on a port of the system's choice. */
export async function listen(options: Partial<SecureOptions> = {}): Promise<Listener> {
  return await tls({ port: 0, ...certificates().server, ...options }).listen();
}

/** A client that trusts the authority, and shows a certificate if it has one. */
export async function dial(listener: Listener, identity?: Identity): Promise<ByteStream> {
  const { port } = listener.address;
  const options = { hostname: "localhost", caCerts: [certificates().ca] };
  if (identity) return new SocketStream(await Deno.connectTls({ ...options, port, ...identity }));
  // Without Nagle's delay the handshake is 40 ms shorter.
  const socket = await Deno.connect({ port });
  socket.setNoDelay(true);
  const secured = await Deno.startTls(socket, options);
  // A refusal is read by the test, later.
  secured.handshake().catch(() => {});
  return new SocketStream(secured);
}

/** A listener, a client of it, and the stream accepted. */
export async function open(options?: Partial<SecureOptions>, identity?: Identity): Promise<Ends> {
  const listener = await listen(options);
  const accepting = listener.accept();
  const dialled = await dial(listener, identity);
  const accepted = (await accepting)!;
  return {
    client: dialled,
    server: accepted,
    async [Symbol.asyncDispose]() {
      for (const each of [dialled, accepted, listener]) each.close();
      await settled();
    },
  };
}
