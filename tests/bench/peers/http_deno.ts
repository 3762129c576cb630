// The peer of the gateway's topic resource: one value with a type, a tag and a date, on Deno's own server.

const value = new Uint8Array(64).fill(0x78);
const headers = {
  "content-type": "application/octet-stream",
  etag: '"5d41402abc4b2a76"',
  "last-modified": new Date().toUTCString(),
};

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]) }, (request) => {
  if (new URL(request.url).pathname !== "/topics/bench") return new Response(null, { status: 404 });
  if (request.headers.get("if-none-match") === headers.etag) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(value, { headers });
});
