import type { SpawnOptions } from "../supervisor.ts";

/**
 * How handlers of the application are run: restarted after each crash, and with room for 65,536
 * messages or requests that wait, a burst of some seconds. More are dropped or refused.
 */
export const handlerOptions: SpawnOptions = { restart: "crash", kind: "handler", mailbox: 65_536 };
