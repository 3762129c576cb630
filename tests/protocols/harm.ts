/** How often random input is tried. */
const ROUNDS = 2_000;

/** Set the environment variable SEED to what a failed test says, and the same input comes again. */
const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e6) || 1;

console.log(`seed ${seed}`);

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
  let state = seed;
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

/** The same for a text of ASCII: what it is harmed into has characters from U+0000 to U+00FF. */
function* everyHarmOfText(text: string): Iterable<string> {
  const latin1 = new TextDecoder("latin1");
  for (const harmed of everyHarm(new TextEncoder().encode(text))) yield latin1.decode(harmed);
}

/** An error that a parser throws when its input is at fault. */
type Fault = abstract new (...parts: never[]) => Error;

/**
 * Has `check` look at every harm of every sample. It may throw `fault`, where one is named; whatever
 * else it throws fails the test, which then says what the input was.
 */
export function survive<Input extends string | Uint8Array>(
  samples: readonly Input[],
  check: (harmed: Input) => void,
  fault?: Fault,
): void {
  for (const sample of samples) {
    const all = typeof sample === "string" ? everyHarmOfText(sample) : everyHarm(sample);
    for (const harmed of all) {
      try {
        check(harmed as Input);
      } catch (cause) {
        if (fault !== undefined && cause instanceof fault) continue;
        const shown = JSON.stringify(typeof harmed === "string" ? harmed : [...harmed]);
        throw new Error(`seed ${seed}: ${shown}`, { cause });
      }
    }
  }
}
