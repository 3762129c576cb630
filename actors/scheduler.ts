import { setImmediate } from "node:timers";

/** Turns taken before timers and sockets get the event loop back: some milliseconds of work. */
const BUDGET = 1024;

let ready: (() => void)[] = [];
let scheduled = false;

/** Queues one turn. Turns run in order, as soon as the current one ends. */
export function schedule(turn: () => void): void {
  ready.push(turn);
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(drain);
}

function drain(): void {
  let spent = 0;
  while (ready.length > 0) {
    const batch = ready;
    ready = [];
    for (let i = 0; i < batch.length; i++) run(batch[i]!);
    if ((spent += batch.length) >= BUDGET) return void setImmediate(drain);
  }
  scheduled = false;
}

/** One turn that throws must not take those queued behind it along. */
function run(turn: () => void): void {
  try {
    turn();
  } catch (error) {
    reportError(error);
  }
}
