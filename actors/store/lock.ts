import { StoreError } from "./store_error.ts";

/**
 * Holds the lock of a store for as long as the process lives: two gateways that wrote to one file would
 * each forget what the other promised. The answer gives it back.
 */
export function lock(file: string): () => void {
  const name = `${file}-lock`;
  const held = openSync(name, file);
  let isOurs = false;
  try {
    isOurs = held.tryLockSync(true);
  } finally {
    if (!isOurs) held.close();
  }
  if (isOurs) return () => held.close();
  throw new StoreError(
    `Cannot use ${file}: another gateway is using it; stop that one, or give another file`,
  );
}

function openSync(name: string, file: string): Deno.FsFile {
  try {
    return Deno.openSync(name, { create: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new StoreError(`Cannot use ${file}: its folder is not there`);
    }
    if ((error as { code?: string }).code !== "EROFS") throw error;
    const why = `Cannot use ${file}: its file system may only be read`;
    throw new StoreError(why, { cause: error });
  }
}
