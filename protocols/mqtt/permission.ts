import type { Decided, Guard } from "../guard.ts";
import { Credentials, type Identity, Refusal } from "../identity.ts";
import { ProtocolError } from "../session.ts";
import { faultOfFilter } from "../topic.ts";
import { willOf, willPublication } from "./broker/message.ts";
import { isShared, sharedFilter } from "./broker/shares.ts";
import type { Admission } from "./connect.ts";
import type { Link } from "./link.ts";
import type { FilterRequest } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";

/** Finds out who connects, and whether that client may leave its will. */
export function login(
  { link, guard }: { link: Link; guard: Guard },
  admission: Admission,
  decided: Decided<Identity | Refusal>,
): void {
  const { wire: { peer }, hub } = link, { connect, clientId } = admission;
  const credentials = new Credentials({
    protocol: "mqtt",
    peer,
    listener: hub.identity.listener,
    clientId,
    username: connect.username,
    // A copy: this is a view of the input, which may be gone before the hook has answered.
    password: connect.password?.slice(),
  });
  guard.authenticate(credentials, (identity, now) => {
    if (identity instanceof Refusal) decided(identity, now);
    else mayLeaveWill(guard, { identity, admission, now }, decided);
  });
}

/** Finds out whether a client may leave its will, or which one it leaves instead. */
export function mayLeaveWill(
  guard: Guard,
  { identity, admission, now }: { identity: Identity; admission: Admission; now: number },
  decided: Decided<Identity | Refusal>,
): void {
  const { will } = admission;
  if (will === undefined) return decided(identity, now);
  const left = willPublication(will, undefined, now);
  guard.publish(left, identity, (answer, now) => {
    if (answer instanceof Refusal) return decided(answer, now);
    if (answer !== left) admission.will = willOf(answer, will);
    decided(identity, now);
  });
}

/** Finds out which filters hooks refuse. They are not asked about filters that are not valid. */
export function permissions(
  { link, guard }: { link: Link; guard: Guard },
  filters: readonly Pick<FilterRequest, "filter" | "qos">[],
  decided: Decided<readonly (Refusal | undefined)[]>,
): void {
  const refusals: (Refusal | undefined)[] = filters.map(() => undefined);
  const { identity } = link.hub;
  let { revision } = guard;
  // Hooks that answer at once are asked in a loop: one packet can have more filters than the stack
  // has room for calls.
  const askFrom = (first: number, now: number): void => {
    for (let index = first; index < filters.length; index++) {
      const { filter, qos } = filters[index]!, topic = followed(filter);
      if (topic === undefined || faultOfFilter(topic, link.limits.maxTopicLevels) !== undefined) {
        continue;
      }
      let isAnswered = false, isLate = false;
      const access = { action: "subscribe", identity, topic, qos, retain: false } as const;
      guard.authorize(access, (refusal, then) => {
        refusals[index] = refusal;
        isAnswered = true;
        now = then;
        if (isLate) askFrom(index + 1, now);
      });
      isLate = true;
      if (!isAnswered) return;
    }
    if (revision === guard.revision) return decided(refusals, now);
    // The first were answered by others than the last.
    revision = guard.revision;
    refusals.fill(undefined);
    askFrom(0, now);
  };
  askFrom(0, 0);
}

/** The topic filter of a subscription, which may be shared; undefined when it is not valid. */
export function followed(filter: string): string | undefined {
  return isShared(filter) ? sharedFilter(filter) : filter;
}

/** A refusal as CONNACK says it. */
export function connectRefused({ kind, reason }: Refusal): ProtocolError {
  const code = kind === "credentials"
    ? Reason.badUserNameOrPassword
    : kind === "unavailable"
    ? Reason.serverUnavailable
    : Reason.notAuthorized;
  return new ProtocolError(reason, code);
}

/** A refusal as PUBACK, PUBREC and SUBACK say it: they have no reason code for "unavailable". */
export function reasonOf({ kind }: Refusal): number {
  if (kind === "unavailable") return Reason.implementationSpecificError;
  return kind === "invalid" ? Reason.payloadFormatInvalid : Reason.notAuthorized;
}
