/** One condition of an `If` field (RFC 4918 §10.4). */
interface IfCondition {
  readonly not: boolean;
  /** A lock, by its token. */
  readonly token?: string;
  /** A version, by its entity tag. */
  readonly etag?: string;
}

/** Conditions that must all hold for one resource. */
export interface IfList {
  /** The URL of the resource; undefined for that of the request. */
  readonly resource?: string;
  readonly conditions: readonly IfCondition[];
}

/** 256 parts of a field, conditions and brackets: nobody holds as many locks at once. */
const MAX_PARTS = 256;

/** Reads the lists of an `If` field, of which one must hold; undefined when it is malformed. */
export function parseIf(value: string): IfList[] | undefined {
  const lists: IfList[] = [];
  const token = /\s*(?:<([^<>\s]+)>|(\()|(\))|(Not)(?=[\s<[])|\[((?:W\/)?"[^"]*")\])/iy;
  let resource: string | undefined, conditions: IfCondition[] | undefined, not = false, count = 0;
  const text = value.trimEnd();
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null || ++count > MAX_PARTS) return undefined;
    const [, angle, open, close, negation, etag] = found;
    if (conditions === undefined) {
      if (open) conditions = [];
      else if (angle !== undefined) resource = angle;
      else return undefined;
    } else if (angle !== undefined) {
      conditions.push({ not, token: angle });
      not = false;
    } else if (etag !== undefined) {
      conditions.push({ not, etag });
      not = false;
    } else if (negation && !not) not = true;
    else if (close && !not && conditions.length > 0) {
      lists.push({ ...resource !== undefined && { resource }, conditions });
      conditions = undefined;
    } else return undefined;
  }
  return conditions === undefined && lists.length > 0 ? lists : undefined;
}
