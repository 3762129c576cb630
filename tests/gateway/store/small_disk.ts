/** A file system of two megabytes. */
export class SmallDisk implements AsyncDisposable {
  constructor(readonly folder: string) {}

  /** True where this process may mount one. */
  static async isPossible(): Promise<boolean> {
    const disk = await SmallDisk.mount();
    await disk?.[Symbol.asyncDispose]();
    return disk !== undefined;
  }

  /** Undefined where this process may not mount one. */
  static async mount(): Promise<SmallDisk | undefined> {
    const folder = await Deno.makeTempDir();
    const args = ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder];
    const mounted = await new Deno.Command("mount", { args, stderr: "null" }).output()
      .catch(() => ({ success: false }));
    if (mounted.success) return new SmallDisk(folder);
    await Deno.remove(folder);
    return undefined;
  }

  /** Leaves no room for anything else. */
  fill(): void {
    using file = Deno.openSync(`${this.folder}/filler`, { create: true, append: true });
    for (const size of [65_536, 4096, 512]) {
      try {
        for (;;) file.writeSync(new Uint8Array(size));
      } catch {
        // Full, for pieces of this size.
      }
    }
  }

  empty(): void {
    Deno.removeSync(`${this.folder}/filler`);
  }

  /** Nothing can be written any more. */
  async protect(): Promise<void> {
    const args = ["-o", "remount,ro", this.folder];
    await new Deno.Command("mount", { args }).output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("umount", { args: [this.folder] }).output();
    await Deno.remove(this.folder);
  }
}
