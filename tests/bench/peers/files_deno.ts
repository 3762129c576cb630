// The peer of the gateway's file server: the same fields from the same calls, on Deno's own server.

const [port, root] = Deno.args;

Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, async (request) => {
  const path = `${root}${new URL(request.url).pathname}`;
  const { size, mtime } = await Deno.stat(path);
  const headers = {
    "accept-ranges": "bytes",
    "content-length": String(size),
    "content-type": "application/octet-stream",
    etag: `"${mtime!.getTime().toString(36)}-${size.toString(36)}"`,
    "last-modified": mtime!.toUTCString(),
  };
  if (request.headers.get("if-none-match") === headers.etag) {
    return new Response(null, { status: 304, headers });
  }
  const body = size > 65_536 ? (await Deno.open(path)).readable : await Deno.readFile(path);
  return new Response(body, { headers });
});
