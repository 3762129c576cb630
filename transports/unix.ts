import { listenFault } from "./address.ts";
import { SocketListener, SocketStream } from "./socket.ts";
import type { Listener, Transport } from "./transport.ts";

/** Where a Unix socket is. */
export interface UnixOptions {
  path: string;
  /** Permission bits of the socket file, such as 0o660; default: what the process's mask leaves. */
  mode?: number;
}

/** Unix sockets: clients on this machine that may open the file. */
export function unix(options: UnixOptions): Transport {
  return { name: "unix", listen: () => listen(options) };
}

async function listen({ path, mode }: UnixOptions): Promise<Listener> {
  await removeStale(path);
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path });
  } catch (error) {
    throw listenFault(path, error);
  }
  try {
    if (mode !== undefined) Deno.chmodSync(path, mode);
  } catch (error) {
    listener.close();
    throw listenFault(path, error);
  }
  // Closing the listener removes the file.
  return new SocketListener(listener, {
    address: { host: path, port: 0 },
    accepted: (socket) => new SocketStream(socket, path),
  });
}

/** A process that was killed leaves its socket file behind, and nobody else may use the name. */
async function removeStale(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch {
    return;
  }
  if (!found.isSocket) throw listenFault(path, "a file that is not a socket has this name");
  if (await isLive(path)) throw listenFault(path, "another process listens there");
  await Deno.remove(path);
}

async function isLive(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    // Anything but a refusal, such as a lack of permission, proves nothing: leave the file alone.
    return !(error instanceof Deno.errors.ConnectionRefused);
  }
}
