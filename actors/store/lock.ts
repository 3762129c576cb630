import { dirname } from "node:path";
import { StoreError } from "./store_error.ts";

/**
 * Locks a store, for as long as the process lives at most: two gateways that wrote to one file
 * would each forget what the other has promised. The returned function unlocks it; with "refused"
 * it also removes the file of the lock if that is new.
 */
export function lock(file: string): (refused?: "refused") => void {
  const name = `${file}-lock`;
  const isNew = !isThere(name);
  const held = openSync(name, file);
  let isOurs = false;
  try {
    isOurs = held.tryLockSync(true);
  } finally {
    if (!isOurs) held.close();
  }
  if (isOurs) {
    return (refused) => {
      if (refused && isNew) Deno.removeSync(name);
      held.close();
    };
  }
  throw new StoreError(
    `Cannot use ${file}: another gateway is using it; stop that one, or give another file`,
  );
}

/** A file by the name that it has for everybody: by a link to it, its lock and its log would be others. */
export function realFile(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch {
    // New, or whoever opens it says why it cannot be.
    return file;
  }
}

/** True for a file, a folder, or what may not be looked at. */
export function isThere(name: string): boolean {
  try {
    Deno.statSync(name);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

function openSync(name: string, file: string): Deno.FsFile {
  try {
    return Deno.openSync(name, { create: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new StoreError(`Cannot use ${file}: its folder is not there`);
    }
    if (error instanceof Deno.errors.NotCapable) {
      // SQLite keeps more files there than this one.
      throw new Deno.errors.NotCapable(
        `Cannot use ${file}: Requires write access to "${dirname(file)}", run again with ` +
          "--allow-write",
      );
    }
    if ((error as { code?: string }).code !== "EROFS") throw error;
    const why = `Cannot use ${file}: its file system may only be read`;
    throw new StoreError(why, { cause: error });
  }
}
