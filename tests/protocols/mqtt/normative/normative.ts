import { coverage311 } from "./normative_311.ts";
import { coverage5 } from "./normative_5.ts";

/** Statements by their numbers, and the test that shows that we keep to them, or why we cannot fail to. */
export type Coverage = readonly (readonly [numbers: string, test: string])[];

/** What one version of the specification asks for. */
export interface Specification {
  readonly name: string;
  /** Every statement there is: for each section, how they are numbered. */
  readonly statements: ReadonlySet<string>;
  /** The test for each statement that a server can violate. */
  readonly tests: ReadonlyMap<string, string>;
  /** Why a server, or this one, cannot violate the others. */
  readonly exempt: ReadonlyMap<string, string>;
}

export const specifications: readonly Specification[] = [
  specification("MQTT 3.1.1", coverage311),
  specification("MQTT 5.0", coverage5),
];

function specification(
  name: string,
  { numbers, tests, exempt }: { numbers: string; tests: Coverage; exempt: Coverage },
): Specification {
  return {
    name,
    statements: new Set(numbers.trim().split(/\s+/).flatMap(expand)),
    tests: byStatement(tests),
    exempt: byStatement(exempt),
  };
}

/** `3.1.0-1..2` is 3.1.0-1 and 3.1.0-2. */
function expand(numbers: string): string[] {
  const [, section, first, last = first] = /^([\d.]+)-(\d+)(?:\.\.(\d+))?$/.exec(numbers)!;
  return Array.from(
    { length: Number(last) - Number(first) + 1 },
    (_, index) => `${section}-${Number(first) + index}`,
  );
}

function byStatement(coverage: Coverage): Map<string, string> {
  const found = new Map<string, string>();
  for (const [numbers, test] of coverage) {
    for (const number of numbers.split(" ").flatMap(expand)) {
      if (found.has(number)) throw new Error(`${number} is listed twice`);
      found.set(number, test);
    }
  }
  return found;
}
