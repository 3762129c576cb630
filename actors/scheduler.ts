import { setImmediate } from "node:timers";

/** Milliseconds of turns after which the event loop runs, for its timers and its input. */
const BUDGET_MS = 2;

/** Fewer turns than this are over before it pays to look at the clock. */
const FEW = 4;

/**
 * Pauses of one burst after which output is written, and readers go on, though it has not ended.
 */
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
/** What readers wait for: made by a pause, resolved when they may go on. */
let crowd: PromiseWithResolvers<void> | undefined;

/** Queues one turn. Turns run in order, as soon as the current one ends. */
export function schedule(who: Turning): void {
  ready.push(who);
  wake();
}

/**
 * Has `who` flush when no turn is waiting any more. Later calls flush first, so what a publication
 * causes leaves before the acknowledgement to its publisher; and all that one burst causes for a
 * peer leaves in one write.
 */
export function flushLater(who: Flushing): void {
  flushing.push(who);
  wake();
}

/**
 * What a reader waits for before it brings more input, so that turns that were put off come first:
 * the end of a burst that has paused, or `MAX_PAUSES` of its pauses. Undefined when none has
 * paused.
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

/** Lets the event loop run, and goes on after that. */
function pause(): void {
  if (++pauses === MAX_PAUSES) {
    // Actors that send each other messages for ever must not hold up everybody else.
    flushAll();
    admit();
  }
  crowd ??= Promise.withResolvers();
  setImmediate(drain);
}

/** Lets readers go on. */
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
