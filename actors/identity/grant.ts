import type { Grant } from "../../protocols/grant.ts";
import type { Later, Login } from "../hooks/hooks.ts";
import { isLater } from "./authenticator.ts";

/** Something that says who may come in, such as a file, and may say something else later. */
export interface Source<T> {
  /** What it says now. */
  read(): Later<T>;
  /** Calls `said` now and after each change, until the returned function is called. */
  watch(said: (value: T) => void): () => void;
}

/** The grant of a login that depends on a part of what a source says. */
export class Standing<T> implements Grant {
  readonly #source: Source<T>;
  readonly #holds: (value: T) => boolean;

  constructor(source: Source<T>, holds: (value: T) => boolean) {
    this.#source = source;
    this.#holds = holds;
  }

  check(decided: (holds: boolean) => void): void {
    const value = this.#source.read();
    if (isLater(value)) value.then((late) => decided(this.#holds(late)), () => decided(false));
    else decided(this.#holds(value));
  }

  watch(revoked: () => void): () => void {
    return this.#source.watch((value) => {
      if (!this.#holds(value)) revoked();
    });
  }
}

/**
 * A login that was given before, or undefined if its grant has gone since; at once, where possible.
 */
export function stillGood(login: Login): Later<Login | undefined> {
  const { grant } = login;
  if (grant === undefined) return login;
  let known = undefined as { login: Login | undefined } | undefined;
  const { promise, resolve } = Promise.withResolvers<Login | undefined>();
  grant.check((holds) => {
    known = { login: holds ? login : undefined };
    resolve(known.login);
  });
  return known === undefined ? promise : known.login;
}
