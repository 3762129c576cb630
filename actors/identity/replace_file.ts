/** Only the owner may read what is written here. */
const MODE = 0o600;

/** Writes a file so that whoever reads it sees the old text or the new one, whole. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const real = await Deno.realPath(path).catch(() => path);
  const beside = `${real}.${crypto.randomUUID().slice(0, 8)}.new`;
  const file = await Deno.open(beside, { write: true, createNew: true, mode: MODE });
  try {
    try {
      for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
        rest = rest.subarray(await file.write(rest));
      }
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(beside, real);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}
