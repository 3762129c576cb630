import type { Qos } from "../../protocols/publication.ts";
import { faultOfFilter, matches } from "../../protocols/topic.ts";
import type { BridgeRoute } from "./bridge_options.ts";

/** One direction of one route. */
interface Lane {
  readonly filter: string;
  readonly qos: Qos;
  readonly from: string;
  readonly to: string;
}

/** A topic as the other side knows it. */
export interface Remapped {
  readonly topic: string;
  /** The highest QoS on the way. */
  readonly qos: Qos;
}

/** Why a route cannot be used, or undefined when it can. */
export function faultOfRoute({ filter, localPrefix = "", remotePrefix = "" }: BridgeRoute):
  | string
  | undefined {
  for (const prefix of [localPrefix, remotePrefix]) {
    if (/[+#]/.test(prefix)) return `Cannot use the prefix "${prefix}": it has a wildcard`;
    const whole = prefix + filter;
    if (whole.startsWith("$share/")) return `Cannot bridge "${whole}": it is a shared subscription`;
    const fault = faultOfFilter(whole);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What a bridge carries in either direction, and what it is called there. */
export class Routes {
  readonly out: readonly Lane[];
  readonly in: readonly Lane[];

  constructor(routes: readonly BridgeRoute[]) {
    this.out = routes.filter(({ direction }) => direction !== "in").map((route) => lane(route));
    this.in = routes.filter(({ direction }) => direction !== "out")
      .map(({ localPrefix, remotePrefix, ...route }) =>
        lane({ ...route, localPrefix: remotePrefix, remotePrefix: localPrefix })
      );
  }

  /** True when messages of this topic at the upstream come in. */
  bringsIn(topic: string): boolean {
    return this.in.some(({ filter }) => matches(filter, topic));
  }
}

function lane({ filter, qos = 1, localPrefix = "", remotePrefix = "" }: BridgeRoute): Lane {
  return { filter: localPrefix + filter, qos, from: localPrefix, to: remotePrefix };
}

/** Where a message goes: each topic once, at the highest QoS of those routes that lead there. */
export function remap(lanes: readonly Lane[], topic: string): readonly Remapped[] {
  const found: Remapped[] = [];
  for (const { filter, qos, from, to } of lanes) {
    if (!matches(filter, topic)) continue;
    const mapped = to + topic.slice(from.length);
    // Taking a prefix off must not turn a plain topic into one of `$SYS` and the like.
    const isForbidden = mapped === "" || mapped.startsWith("$") && !to.startsWith("$") &&
        !topic.startsWith("$");
    if (isForbidden) continue;
    const there = found.findIndex((each) => each.topic === mapped);
    if (there < 0) found.push({ topic: mapped, qos });
    else if (found[there]!.qos < qos) found[there] = { topic: mapped, qos };
  }
  return found;
}
