/** Writes some bytes, which may be overwritten after that; resolves with false when nobody wants more. */
export type Write = (bytes: Uint8Array) => Promise<boolean>;

/** Writes the whole body of an answer. */
export type Pump = (write: Write) => Promise<void>;

/** Bodies that can write themselves: without the promises and buffers that a stream needs. */
const pumps = new WeakMap<Response, Pump>();

/** Has the body of `response` written by `pump`; its stream is cancelled behind that. */
export function withPump(response: Response, pump: Pump): Response {
  pumps.set(response, pump);
  return response;
}

/** How the body of `response` writes itself, if it can. */
export function pumpOf(response: Response): Pump | undefined {
  return pumps.get(response);
}
