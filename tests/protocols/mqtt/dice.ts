/** Numbers that are the same in each run: below `limit` for each call. */
export function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = Math.imul(state, 1103515245) + 12345 & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}
