/** The path of the first of these programs that is installed, or undefined. */
export function installed(...names: string[]): string | undefined {
  // Brokers are installed where only root's PATH looks.
  const places = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  for (const name of names) {
    for (const place of places) {
      const path = `${place}/${name}`;
      if (place !== "" && isProgram(path)) return path;
    }
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
