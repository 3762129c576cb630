import { Deadlines, type Due } from "../protocols/deadlines.ts";
import type { Clock } from "./clock.ts";

/** Whoever an alarm wakes. */
export interface Sleeper {
  ring(): void;
}

/**
 * One actor's deadline, which moves often: a later one costs nothing, for the alarm goes off early,
 * finds that, and sleeps on.
 */
export class Alarm implements Due {
  dueAt = Infinity;
  place = -1;
  #at = Infinity;
  #rangAt = -Infinity;

  constructor(readonly alarms: Alarms, readonly sleeper: Sleeper) {}

  /** Rings at `at` and not before; Infinity is never. */
  set(at: number): void {
    // A sleeper that sets the time at which it has just rung would ring again at once, for ever: it
    // waits for one more millisecond.
    if (at <= this.#rangAt) at = this.#rangAt + 1;
    this.#at = at;
    if (this.place < 0 ? at < Infinity : at < this.dueAt) this.alarms.set(this, at);
  }

  cancel(): void {
    this.#at = Infinity;
    this.alarms.delete(this);
  }

  due(now: number): void {
    if (now >= this.#at) {
      this.#rangAt = now;
      this.sleeper.ring();
    } else if (this.#at < Infinity) this.alarms.set(this, this.#at);
  }
}

/** The alarms of all actors of a gateway, on one timer: ten thousand timers would cost megabytes. */
export class Alarms {
  readonly #clock: Clock;
  readonly #deadlines = new Deadlines();
  #firesAt = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(alarm: Alarm, at: number): void {
    this.#deadlines.set(alarm, at);
    this.#arm();
  }

  delete(alarm: Alarm): void {
    this.#deadlines.delete(alarm);
    // A timer that fires for nothing is cheap, but the last one would keep a process alive.
    if (this.#deadlines.size === 0) this.#stop();
  }

  #arm(): void {
    const { next } = this.#deadlines;
    if (next >= this.#firesAt) return;
    this.#stop();
    this.#firesAt = next;
    this.#cancel = this.#clock.after(next - this.#clock.now(), () => {
      this.#stop();
      this.#deadlines.run(this.#clock.now());
      this.#arm();
    });
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firesAt = Infinity;
  }
}
