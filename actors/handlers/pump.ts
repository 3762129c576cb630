/**
 * Writes some bytes; once it has resolved their memory may be used again. Resolves with false when
 * nobody wants any more.
 */
export type Write = (bytes: Uint8Array) => Promise<boolean>;

/** Writes the whole body of an answer. */
export type Pump = (write: Write) => Promise<void>;

/** Answers whose bodies can write themselves, without the promises and buffers of a stream. */
const pumps = new WeakMap<Response, Pump>();

/**
 * Has the body of `response` written by `pump`; its stream is not read, and cancelled after that.
 */
export function withPump(response: Response, pump: Pump): Response {
  pumps.set(response, pump);
  return response;
}

/** How the body of `response` writes itself, if it can. */
export function pumpOf(response: Response): Pump | undefined {
  return pumps.get(response);
}
