import assert from "node:assert/strict";
import { type Program, testWith } from "../../interop/programs.ts";
import { secureDoors, SecureHouse, shown } from "./secure_doors.ts";

/** How each door says: it is done, that topic is not yours, you are nobody here. */
const words: Record<string, readonly [needs: Program[], ...string[]]> = {
  "https, by curl": [["openssl", "curl"], "201", "403", "401"],
  "wss": [["openssl"], "101", "403", "401"],
  "mqtts, by mosquitto_pub": [["openssl", "mosquitto_pub"], "0x10", "0x87", "0x86"],
  "coaps+tcp": [["openssl"], "2.01", "4.03", "4.01"],
};

for (const [door, [needs, done, denied, refused]] of Object.entries(words)) {
  for (const [kind, what] of Object.entries(shown)) {
    testWith(needs, `${door} with what is ${kind}, to an allowed and a denied topic`, async () => {
      await using house = await SecureHouse.open();
      const knock = (topic: string) => secureDoors[door]!(house, topic, what);
      const isIn = kind.startsWith("right");
      if (kind.startsWith("revoked")) assert.equal(await knock("home/ann/a"), done);
      if (kind === "revoked") await house.revoke();
      if (kind === "revoked certificate") {
        house.revokeCertificate();
        // Hung up on before a word is said; what a client makes of that is its own affair.
        const said = await knock("home/ann/a").catch(String);
        return assert.doesNotMatch(said, new RegExp(`^(${[done, denied, refused].join("|")})$`));
      }
      assert.equal(await knock("home/ann/a"), isIn ? done : refused);
      assert.equal(await knock("home/bob/a"), isIn ? denied : refused);
    });
  }
}
