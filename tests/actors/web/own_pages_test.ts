import assert from "node:assert/strict";
import { ownPages } from "../../../actors/web/own_pages.ts";
import type { Identity } from "../../../protocols/identity.ts";
import { someone } from "../identity/people.ts";

type Concern = NonNullable<Parameters<typeof ownPages>[1]>;

/** What the part answers to a page of another origin. */
async function ask(
  concern: Concern,
  method: string,
  { fields = {}, identity = {} }: {
    fields?: Record<string, string>;
    identity?: Partial<Identity>;
  } = {},
): Promise<number | undefined> {
  const part = ownPages(["https://app.example"], concern);
  const headers = { host: "gw.example", origin: "https://evil.example", ...fields };
  const request = new Request("http://gw.example/a", { method, headers });
  const remoteAddr = { transport: "tcp", hostname: "192.0.2.7", port: 5000 } as const;
  const answer = await part(request, { remoteAddr, identity: someone(identity), params: {} });
  return answer?.status;
}

Deno.test("A page of another origin reads, and changes nothing", async () => {
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    assert.equal(await ask("all", method), undefined, method);
  }
  for (const method of ["POST", "PUT", "DELETE", "MKCOL", "MOVE"]) {
    assert.equal(await ask("all", method), 403, method);
  }
});

Deno.test("Pages of this host and of listed origins change what they like, and so does who is no page", async () => {
  for (const origin of ["https://app.example", "https://gw.example"]) {
    assert.equal(await ask("all", "POST", { fields: { origin } }), undefined, origin);
  }
  const part = ownPages([]), info = { remoteAddr: {} as never, identity: someone(), params: {} };
  const request = new Request("http://gw.example/a", { method: "POST" });
  assert.equal(await part(request, info), undefined);
});

const basic = { authorization: "Basic YTpi" }, cookie = { cookie: "login=1" };
const logins: [what: string, asked: Parameters<typeof ask>[2], status: number | undefined][] = [
  ["nothing", {}, undefined],
  ["what this gateway does not know", { fields: { ...basic, ...cookie } }, undefined],
  ["a password", { fields: basic, identity: { user: "ann" } }, 403],
  ["a cookie", { fields: cookie, identity: { user: "ann" } }, 403],
  ["a certificate", { identity: { certificate: "sensor-7" } }, 403],
  ["a certificate that is a user", { identity: { user: "ann", certificate: "a" } }, 403],
  [
    "a token, which pages have to know",
    { fields: { authorization: "Bearer abc", ...cookie }, identity: { user: "ann" } },
    undefined,
  ],
  [
    "a login, from a page that is listed",
    { fields: { ...basic, origin: "https://app.example" }, identity: { user: "ann" } },
    undefined,
  ],
];
for (const [what, asked, status] of logins) {
  const does = status === undefined ? "is passed on" : "is refused";
  Deno.test(`Where logins matter, a page's request ${does} with ${what}`, async () => {
    assert.equal(await ask("logins", "POST", asked), status);
  });
}
