/** How often random bytes are tried. */
const ROUNDS = 2_000;

/** Every truncation of `bytes`, each byte flipped in several ways, and random bytes. */
export function* everyHarm(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let length = 0; length <= bytes.length; length++) yield bytes.subarray(0, length);
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [1, 32, 128, 255, bytes[at]!, bytes[at]! ^ 10]) {
      const harmed = bytes.slice();
      harmed[at]! ^= mask;
      yield harmed;
    }
  }
  let state = Number(Deno.env.get("SEED") ?? Date.now() % 1e6) || 1;
  console.log(`seed ${state}`);
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < ROUNDS; round++) {
    // Pieces of what is right get further than noise.
    const pieces = Array.from({ length: 1 + random(6) }, () => {
      if (random(3) === 0) return Uint8Array.from({ length: random(8) }, () => random(256));
      const from = random(bytes.length);
      return bytes.subarray(from, from + random(bytes.length - from + 1));
    });
    yield Uint8Array.from(pieces.flatMap((each) => [...each]));
  }
}
