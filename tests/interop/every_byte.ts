/** A payload that no encoding survives by luck: all byte values, in order. */
export const everyByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** A file of `everyByte` that is removed at the end of its scope. */
export async function everyByteFile(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, everyByte);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
