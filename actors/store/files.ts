/** The files of a database in use: what is written to one that was taken away is lost. */
export class Files {
  readonly #names: readonly (readonly [name: string, node: string | undefined])[];

  /** The database is open. */
  constructor(file: string) {
    this.#names = [file, `${file}-wal`].map((name) => [name, nodeOf(name)] as const);
  }

  /** Throws when one of them is not there any more, or is another. */
  check(): void {
    for (const [name, node] of this.#names) {
      if (nodeOf(name) === node) continue;
      throw new Error(
        `${name} was taken away or replaced: put it back, or start the gateway again`,
      );
    }
  }
}

/** What tells a file from others of its name; undefined for one that is not there. */
function nodeOf(name: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(name);
    return `${dev} ${ino}`;
  } catch (error) {
    const { NotFound, NotCapable } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotCapable) return undefined;
    throw error;
  }
}
