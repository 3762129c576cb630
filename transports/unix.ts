import { listenFault } from "./address.ts";
import { SocketListener, SocketStream } from "./socket.ts";
import type { Listener, Transport } from "./transport.ts";

/**
 * Where a Unix socket is, and who may open it.
 *
 * @example For the members of one group
 * ```ts
 * import { unix, type UnixOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: UnixOptions = { path: `/tmp/${crypto.randomUUID()}.sock`, mode: 0o660 };
 * const listener = await unix(options).listen();
 * assert.equal((await Deno.stat(options.path)).mode! & 0o777, 0o660);
 * listener.close();
 * ```
 */
export interface UnixOptions {
  /** The file that clients open. It is made when listening begins, and removed when that ends. */
  path: string;
  /** Permission bits of the file, such as 0o660; default: what the umask of the process leaves. */
  mode?: number;
}

/**
 * Accepts connections over a Unix socket, from programs on this machine that may open its file. A
 * file that a killed process left behind is replaced.
 *
 * When it cannot listen, `Listening.ready` rejects with an `Error` that names the path and the
 * cause, such as another process that listens there.
 *
 * @example A broker that no network reaches
 * ```ts
 * import { gateway, mqtt, unix } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const path = `/tmp/${crypto.randomUUID()}.sock`;
 * await using hub = gateway();
 * assert.equal((await hub.listen(unix({ path }), mqtt()).ready).host, path);
 * (await Deno.connect({ transport: "unix", path })).close();
 * ```
 */
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
  return new UnixListener(listener, {
    address: { host: path, port: 0 },
    accepted: (socket) => new SocketStream(socket, path),
  });
}

class UnixListener extends SocketListener<Deno.UnixConn> {
  #closed = false;

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    super.close();
    try {
      // The runtime removes it, too, but only once its last `accept` has ended, which the process
      // may not live to see.
      Deno.removeSync(this.address.host);
    } catch {
      // It is gone already.
    }
  }
}

/** Removes the file of a process that was killed: listening fails where any file has its name. */
async function removeStale(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch {
    return;
  }
  if (!found.isSocket) {
    throw listenFault(path, "a file that is not a socket has this name, choose another");
  }
  if (await isLive(path)) {
    throw listenFault(path, "another process listens there, choose another path");
  }
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
