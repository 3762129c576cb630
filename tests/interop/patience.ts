/** The limits of waiting in tests. */
export const defaults = {
  /** 30 s: on the busiest machine nothing here takes a tenth of it, and a hang still names itself. */
  patienceMs: 30_000,
};

/** What `promise` resolves with; fails, saying what was waited for, when that would take for ever. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  ms = defaults.patienceMs,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until `holds`: for what another process does and nobody announces. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const limit = performance.now() + defaults.patienceMs;
  while (!await holds()) {
    if (performance.now() > limit) throw new Error(`Waited ${defaults.patienceMs} ms for ${what}`);
    await new Promise((look) => setTimeout(look, 1));
  }
}
