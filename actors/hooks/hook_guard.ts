import type { LoginEnded } from "../../protocols/grant.ts";
import type { Access, Decided, Guard, Screen } from "../../protocols/guard.ts";
import { type Credentials, type Identity, Refusal } from "../../protocols/identity.ts";
import { Publication, type Qos } from "../../protocols/publication.ts";
import type { Inbox } from "../../protocols/session.ts";
import { faultOfTopic, isReserved } from "../../protocols/topic.ts";
import { authorization } from "./authorization.ts";
import type { Asker, HookChain, Question } from "./hook_chain.ts";
import { HookScreen } from "./hook_screen.ts";
import type { Login } from "./hooks.ts";
import { watchLogin } from "./login_end.ts";

/** Milliseconds until an answer that found the session's mailbox full is brought again. */
const RETRY_MS = 1_000;
/** Times that it is brought again, until the session is taken to be gone. */
const MAX_TRIES = 10;

/** Asks the hooks for one session. */
export class HookGuard implements Guard {
  #unwatch: (() => void) | undefined;

  constructor(readonly chain: HookChain, readonly inbox: Inbox, readonly dropped: () => void) {}

  get revision(): number {
    return this.chain.revision;
  }

  authenticate(credentials: Credentials, decided: Decided<Identity | Refusal>): void {
    const { chain } = this;
    if (!chain.has("authenticate")) return decided(identityOf(credentials, {}), chain.clock.now());
    this.#ask<Identity>({
      hook: "authenticate",
      ask: (hooks) => hooks.authenticate?.(credentials),
      judge(answer) {
        if (answer === undefined || answer === null || answer instanceof Refusal) {
          return answer ?? undefined;
        }
        if (answer === false) return notAccepted;
        if (typeof answer !== "object") {
          throw new TypeError("Cannot use the answer: it must be an object such as { user }");
        }
        return identityOf(credentials, answer as Login);
      },
      none: () => notAccepted,
    }, decided);
  }

  authorize(access: Access, decided: Decided<Refusal | undefined>): void {
    const { chain } = this;
    if (!chain.authorizes) return decided(undefined, chain.clock.now());
    this.#ask<undefined>(authorization(access), decided);
  }

  mayUse(identity: Identity, method: string, path: string): boolean {
    return this.chain.allows("mayUse", (hooks) => hooks.mayUse?.(identity, method, path).allowed);
  }

  inspect(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void {
    const { chain } = this, { revision } = chain;
    let current = publication;
    if (!chain.has("published")) return decided(current, chain.clock.now());
    this.#ask<Publication>({
      hook: "published",
      ask: (hooks) => hooks.published?.(current, identity),
      judge(answer) {
        if (answer instanceof Refusal) return answer;
        if (answer instanceof Publication && answer !== current) {
          current = inPlaceOf(publication, answer);
        }
        return undefined;
      },
      none: () => current,
    }, (answer, now) => {
      if (answer instanceof Refusal || revision === chain.revision) return decided(answer, now);
      // Others say what may be done than when that was found out.
      const { topic, qos, retain } = publication;
      const access = { action: "publish", identity, topic, qos, retain } as const;
      this.authorize(access, (refusal, now) => decided(refusal ?? answer, now));
    });
  }

  publish(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void {
    const { topic, qos, retain } = publication;
    this.authorize({ action: "publish", identity, topic, qos, retain }, (refusal, now) => {
      if (refusal === undefined) this.inspect(publication, identity, decided);
      else decided(refusal, now);
    });
  }

  screen(filter: string, identity: Identity): Screen | undefined {
    const { chain } = this;
    if (!chain.authorizes) return undefined;
    const isPlain = !/[+#]/.test(filter);
    return new HookScreen(chain, identity, { dropped: this.dropped, isPlain });
  }

  screenRestored(identity: Identity): Screen {
    return new HookScreen(this.chain, identity, { dropped: this.dropped, isPlain: false });
  }

  connected(identity: Identity, ended?: LoginEnded): void {
    if (ended !== undefined) this.#unwatch = this.watch(identity, ended);
    this.chain.tell("connected", (hooks) => hooks.connected?.(identity));
  }

  disconnected(identity: Identity): void {
    this.#unwatch?.();
    this.chain.tell("disconnected", (hooks) => hooks.disconnected?.(identity));
  }

  watch(identity: Identity, ended: LoginEnded): (() => void) | undefined {
    const { chain } = this;
    return watchLogin(identity, chain, (end) => {
      this.#post(() => ended(end, chain.clock.now()), MAX_TRIES);
    });
  }

  subscribed(identity: Identity, filter: string, qos: Qos): void {
    this.chain.tell("subscribed", (hooks) => hooks.subscribed?.({ identity, filter, qos }));
  }

  #ask<T>(question: Question<T>, decided: Decided<T | Refusal>): void {
    const { clock } = this.chain;
    const asker: Asker<T> = {
      later: (work) => this.#post(work, MAX_TRIES),
      decided: (answer) => decided(answer, clock.now()),
    };
    this.chain.ask(question, asker);
  }

  #post(work: () => void, tries: number): void {
    if (this.inbox.post(work) || tries === 0) return;
    this.chain.after(RETRY_MS, () => this.#post(work, tries - 1));
  }
}

const notAccepted = new Refusal("The credentials are not accepted", "credentials");

function identityOf(
  credentials: Credentials,
  { user, groups = [], expires, grant, challenges }: Login,
): Identity {
  const { clientId, peer: { address, certificate }, listener } = credentials;
  const identity = { user, clientId, groups, certificate, address, listener };
  return {
    ...identity,
    ...expires !== undefined && { expires },
    ...grant && { grant },
    ...challenges && { challenges },
  };
}

/** The publication that a hook gave in place of another, as if its publisher had published it. */
function inPlaceOf(before: Publication, after: Publication): Publication {
  const fault = faultOfTopic(after.topic);
  if (fault !== undefined) throw new TypeError(fault);
  if (isReserved(after.topic)) {
    throw new TypeError(`Cannot publish to "${after.topic}": only the gateway itself may`);
  }
  const { topic, payload, qos, retain, contentType, properties } = after;
  const { origin } = before, time = after.time || before.time;
  return new Publication(topic, payload, {
    qos,
    retain,
    time,
    contentType,
    properties,
    origin,
  });
}
