import type { Handler, RouteInfo } from "../../../actors/handlers/handler.ts";

const info: RouteInfo = {
  params: {},
  remoteAddr: { transport: "tcp", hostname: "192.0.2.7", port: 5000 },
  identity: {
    user: undefined,
    clientId: undefined,
    groups: [],
    certificate: undefined,
    address: "192.0.2.7:5000",
    listener: "http",
  },
};

/** Asks a handler for a path. */
export function ask(
  handler: Handler,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> {
  const request = new Request(`http://host.example${path}`, { method, headers });
  return Promise.resolve(handler(request, info));
}

/** A directory of files for the time of a test; a name that ends in `/` is a directory. */
export class Folder implements AsyncDisposable {
  constructor(readonly path: string) {}

  static async make(files: Readonly<Record<string, string | Uint8Array>>): Promise<Folder> {
    const folder = new Folder(await Deno.makeTempDir({ prefix: "meerkat-files-" }));
    for (const [name, content] of Object.entries(files)) await folder.write(name, content);
    return folder;
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (name.endsWith("/")) return;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
