import { setImmediate } from "node:timers";

/** Milliseconds before timers and sockets get the event loop back. */
const BUDGET_MS = 2;

/** Whoever has turns to take. */
export interface Turning {
  /** Takes one turn. */
  run(): void;
}

/** Whoever has something to do once no turn is waiting. */
export interface Flushing {
  flush(): void;
}

let ready: Turning[] = [];
const flushing: Flushing[] = [];
let scheduled = false;

/** Queues one turn. Turns run in order, as soon as the current one ends. */
export function schedule(who: Turning): void {
  ready.push(who);
  wake();
}

/**
 * Has `who` flush when no turn is waiting any more, newest first: what a publication causes leaves
 * before the acknowledgement to its publisher, and joined with what others cause in this burst.
 */
export function flushLater(who: Flushing): void {
  flushing.push(who);
  wake();
}

function wake(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(drain);
}

function drain(): void {
  const until = performance.now() + BUDGET_MS;
  do {
    while (ready.length > 0) {
      const batch = ready;
      ready = [];
      for (let i = 0; i < batch.length; i++) turn(batch[i]!);
      if (performance.now() >= until) {
        flushAll();
        return void setImmediate(drain);
      }
    }
    flushAll();
  } while (ready.length > 0);
  scheduled = false;
}

function flushAll(): void {
  for (let who = flushing.pop(); who !== undefined; who = flushing.pop()) {
    try {
      who.flush();
    } catch (error) {
      reportError(error);
    }
  }
}

/** One turn that throws must not take those queued behind it along. */
function turn(who: Turning): void {
  try {
    who.run();
  } catch (error) {
    reportError(error);
  }
}
