import assert from "node:assert/strict";
import { gateway, type Handler, http, tcp } from "../../mod.ts";
import { testWith } from "../interop/programs.ts";
import { Raw } from "./raw.ts";

/** What a handler says to a request that is sent as it is. */
async function answer(handler: Handler, ...pieces: string[]): Promise<string> {
  await using hub = gateway();
  hub.handle("/*", handler);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const raw = await Raw.dial(port);
  for (const piece of pieces) await raw.send(piece);
  const said = await raw.rest();
  raw.close();
  return said;
}

const END = "Host: a\r\nConnection: close\r\n\r\n";

testWith([], "E1: a request may come byte by byte, and a wrong one is told apart", async () => {
  const handler = () => new Response("whole");
  assert.match(await answer(handler, ...`GET /x HTTP/1.1\r\n${END}`), /\r\n\r\nwhole$/);
  assert.match(await answer(handler, `GET /x HTTP/1.1\r\n${END}`.replace(":", " :")), / 400 /);
});

testWith(
  [],
  "E2, E4: a handler sees method, path, query, fields in any case, and the body",
  async () => {
    const handler: Handler = async (request) => {
      const { pathname, search } = new URL(request.url), { method, headers } = request;
      const seen = [headers.get("x-one"), headers.get("X-ONE"), headers.get("x-two")];
      return Response.json([method, pathname, search, ...seen, await request.text()]);
    };
    const said = await answer(
      handler,
      `POST /a%20b/c?d=e&f HTTP/1.1\r\nX-oNe: 1\r\nx-One: 2\r\nContent-Length: 4\r\n${END}`,
      "body",
    );
    const seen = JSON.parse(said.slice(said.indexOf("\r\n\r\n") + 4));
    assert.deepEqual(seen, ["POST", "/a%20b/c", "?d=e&f", "1, 2", "1, 2", null, "body"]);
  },
);

testWith([], "E3: more header fields than the limit are 431", async () => {
  const fields = (count: number) => "X: y\r\n".repeat(count);
  const handler = () => new Response("ok");
  assert.match(await answer(handler, `GET / HTTP/1.1\r\n${fields(98)}${END}`), /^HTTP\/1\.1 200 /);
  assert.match(await answer(handler, `GET / HTTP/1.1\r\n${fields(99)}${END}`), /^HTTP\/1\.1 431 /);
});

testWith([], "E6, E7: form variables come from the query or the body, decoded", async () => {
  const handler: Handler = async (request) => {
    const query = new URL(request.url).searchParams, body = await request.formData();
    return Response.json([query.get("a"), query.get("none"), body.get("b"), body.get("c")]);
  };
  const form = "b=%C3%A9+%26&c=";
  const said = await answer(
    handler,
    "POST /?a=x%2By+z HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      `Content-Length: ${form.length}\r\n${END}${form}`,
  );
  assert.deepEqual(JSON.parse(said.slice(said.indexOf("\r\n\r\n") + 4)), [
    "x+y z",
    null,
    "é &",
    "",
  ]);
});

testWith(
  [],
  "F7, F8: an error has the reason of its code, and a redirect its Location",
  async () => {
    const handler: Handler = ({ url }) =>
      url.endsWith("/old")
        ? Response.redirect("http://a/new", 301)
        : new Response(null, { status: 418 });
    assert.match(
      await answer(handler, `GET /x HTTP/1.1\r\n${END}`),
      /^HTTP\/1\.1 418 I'm a teapot\r\n/,
    );
    const moved = await answer(handler, `GET /old HTTP/1.1\r\n${END}`);
    assert.match(moved, /^HTTP\/1\.1 301 Moved Permanently\r\n[^]*^location: http:\/\/a\/new\r$/m);
  },
);
