import { type Authenticator, passwordFile } from "../../../mod.ts";
import { shown } from "../../actors/identity/people.ts";

/** A file of users, whose time is moved on when it is written anew. */
export class UserFile {
  readonly authenticator: Authenticator;
  #ahead = 0;

  constructor(readonly path: string) {
    this.authenticator = passwordFile(path, { now: () => Date.now() + this.#ahead });
  }

  /** Has it say something else: somebody has seen that, and the next look takes it. */
  async change(text: string): Promise<void> {
    await Deno.writeTextFile(this.path, text);
    this.#ahead += 1_001;
    await this.authenticator.authenticate(shown({ username: "nobody", text: "" }));
    this.#ahead += 1_001;
  }
}
