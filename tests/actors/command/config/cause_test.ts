import assert from "node:assert/strict";
import { wordsOf } from "../../../../actors/command/config/cause.ts";

const causes: [error: unknown, words: string][] = [
  [Object.assign(new Error("x"), { code: "ENOENT" }), "there is no such file or folder"],
  [
    new Error('Requires read access to "a.json", run again with the --allow-read flag'),
    "Deno was not allowed to; run it with --allow-read=a.json",
  ],
  [
    new Error('Cannot listen on 0.0.0.0:0: Requires net access to "0.0.0.0:0", run again with …'),
    "Cannot listen on 0.0.0.0:0: Deno was not allowed to; run it with --allow-net=0.0.0.0:0",
  ],
  [
    new Error('Requires env access to "DEBUG", run again with the --allow-env flag'),
    "Deno was not allowed to; run it with --allow-env",
  ],
  [
    new Error("failed to lookup address information: Name or service not known"),
    "there is no such host",
  ],
  [
    new TypeError("fetch failed", {
      cause: new Error(
        "error sending request for url (http://x/): client error (Connect): tls eof",
      ),
    }),
    "tls eof",
  ],
  [
    new Error('Cannot secure h:1 as "h": unable to verify the first certificate'),
    'Cannot secure h:1 as "h": its certificate is signed by nobody known here; ' +
    'give the authority\'s with --cafile, or as "ca" of "tls"',
  ],
  [new Error("Connection refused (os error 111)\nand more"), "Connection refused"],
  ["thrown text", "thrown text"],
];

for (const [error, words] of causes) {
  Deno.test(`wordsOf() says "${words}"`, () => assert.equal(wordsOf(error), words));
}
