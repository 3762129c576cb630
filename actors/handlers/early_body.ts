import { setImmediate } from "node:timers";

/** Microtasks after which a read of a body that is there as a whole has long been settled. */
const MOST_HOPS = 8;

/** One read of a body. */
type Piece = Promise<ReadableStreamReadResult<Uint8Array>>;

/** True when `next` is the end of a body, and this is known within a few microtasks. */
export async function isEnd(next: Piece | undefined): Promise<boolean> {
  return next === undefined || await known(next) === "end";
}

/**
 * True when the first piece of a body, its end or its failure is there before the event loop goes
 * on.
 */
export async function isSoon(first: Piece): Promise<boolean> {
  if (await known(first) !== undefined) return true;
  await new Promise((resolve) => setImmediate(resolve));
  return await known(first) !== undefined;
}

/** What becomes of a read within a few microtasks, as many as a stream takes for what it has. */
async function known(next: Piece): Promise<"piece" | "end" | "failed" | undefined> {
  let found: "piece" | "end" | "failed" | undefined;
  next.then(({ done }) => found = done ? "end" : "piece", () => found = "failed");
  for (let hops = 0; found === undefined && hops < MOST_HOPS; hops++) await null;
  return found;
}
