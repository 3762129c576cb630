/**
 * All that the gateway with its default listeners may do, as `deno run` is told. Ports cannot be
 * named: an answer to a CoAP client goes to a port that only the client knows.
 */
export const permissions: readonly string[] = ["--allow-net=127.0.0.1"];
