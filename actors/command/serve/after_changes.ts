/**
 * Milliseconds after a change until files are read: a certificate and its key change one by one.
 */
const SETTLE_MS = 250;

/**
 * Calls `changed` whenever one of the files may have changed, until the returned function is
 * called.
 */
export type Watch = (paths: readonly string[], changed: () => void) => () => void;

/** Runs `work` a moment after files have changed, until the returned function is called. */
export function afterChanges(
  paths: readonly string[],
  watch: Watch,
  work: () => Promise<void>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    timer = undefined;
    void work();
  };
  const forget = watch(paths, () => {
    timer ??= setTimeout(run, SETTLE_MS);
  });
  return () => {
    forget();
    clearTimeout(timer);
  };
}
