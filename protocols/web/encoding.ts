/** Content codings in which files are sent: first the one with the shortest results. */
const encodings = ["br", "gzip"] as const;
export type Encoding = typeof encodings[number];

/** Our codings that a client accepts, best first (RFC 9110 §12.5.3); none when it does not say. */
export function acceptedEncodings(field: string | null | undefined): Encoding[] {
  if (!field) return [];
  const weights = new Map<string, number>();
  for (const each of field.toLowerCase().split(",")) {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim());
    const weight = parameters.find((part) => part.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  return encodings.filter((each) => weightOf(each) > 0)
    .sort((one, other) => weightOf(other) - weightOf(one));
}
