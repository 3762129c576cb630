import { installed } from "../installed.ts";

/** Programs found on this machine, by what they are for; undefined when absent. */
export interface Tools {
  readonly mosquitto: string | undefined;
  readonly node: string | undefined;
  readonly wrk: string | undefined;
  readonly nginx: string | undefined;
  readonly coapServer: string | undefined;
  readonly nsd: string | undefined;
  readonly dnsperf: string | undefined;
  readonly cc: string | undefined;
}

/** Looks for peers and generators. */
export function findTools(): Tools {
  return {
    mosquitto: installed("mosquitto"),
    node: installed("node"),
    wrk: installed("wrk"),
    nginx: installed("nginx"),
    coapServer: installed("coap-server-notls", "coap-server"),
    nsd: installed("nsd"),
    dnsperf: installed("dnsperf"),
    cc: installed("cc"),
  };
}
