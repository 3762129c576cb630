/**
 * An actor that crashes, and its supervisor that starts it again.
 *
 *   deno run -A examples/crash.ts
 *
 * The actor adds numbers and throws when it is given NaN. Standard error shows the crash with its
 * cause; the tree shows the restart. The sum is gone, because state is what the crash may have
 * broken; the mail behind the NaN is not.
 *
 * Try: send NaN four times. Each restart takes twice as long as the one before, up to five seconds.
 */
import { gateway } from "../mod.ts";

/** A number to add, or somebody who wants to know the sum. */
type Mail = number | ((sum: number) => void);

export async function main() {
  await using hub = gateway();
  const adder = hub.spawn<Mail>("adder", () => {
    let sum = 0;
    return {
      receive(mail) {
        if (typeof mail === "function") return mail(sum);
        if (Number.isNaN(mail)) throw new TypeError("Cannot add NaN: give a number");
        sum += mail;
      },
    };
  }, { restart: "crash" });

  /** The sum once all mail sent before has been read. */
  const sum = () => new Promise<number>((resolve) => adder.tell(resolve));
  const actors = () => hub.tree().children!.find(({ name }) => name === "actors")!;
  const node = () => actors().children![0]!;

  for (const number of [1, 2, 3]) adder.tell(number);
  const before = { sum: await sum(), ...node() };
  for (const number of [NaN, 40, 2]) adder.tell(number);
  const after = { sum: await sum(), ...node() };

  console.log("before", before);
  console.log("after", after);
  return { before, after };
}

if (import.meta.main) await main();
