import { setImmediate } from "node:timers";

/** Milliseconds of turns after which, when those that are ready have run, the event loop is due. */
const BUDGET_MS = 2;

/** So few turns are over before it pays to look at the clock. */
const FEW = 4;

/** Pauses after which, though a burst goes on, what waits is written and readers are admitted. */
const MAX_PAUSES = 8;

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
let pauses = 0;
/** There from a pause until readers are admitted. */
let crowd: PromiseWithResolvers<void> | undefined;

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

/**
 * Resolves at the end of a burst that has paused, or when that is far; undefined when none has. Whoever
 * reads waits as long: those whose turn the pause put off come first.
 */
export function crowded(): Promise<void> | undefined {
  return crowd?.promise;
}

function wake(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(drain);
}

function drain(): void {
  let turns = 0, until = 0;
  do {
    while (ready.length > 0) {
      const batch = ready;
      ready = [];
      for (let i = 0; i < batch.length; i++) turn(batch[i]!);
      if ((turns += batch.length) < FEW) continue;
      const now = performance.now();
      until ||= now + BUDGET_MS;
      if (now >= until) return pause();
    }
    flushAll();
  } while (ready.length > 0);
  scheduled = false;
  admit();
}

/** The event loop is due: timers, and what has been written. */
function pause(): void {
  if (++pauses === MAX_PAUSES) {
    // Those who tell each other something for ever must not keep all others waiting.
    flushAll();
    admit();
  }
  crowd ??= Promise.withResolvers();
  setImmediate(drain);
}

/** Whoever has read something may have a turn. */
function admit(): void {
  pauses = 0;
  crowd?.resolve();
  crowd = undefined;
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
