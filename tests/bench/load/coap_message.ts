// CoAP as a load generator needs it: independent of the code that it measures.

/** Message types (RFC 7252 §4). */
export const CON = 0, NON = 1, ACK = 2;

/** Four bytes: two name the slot that asked, two change with every request. */
export const TOKEN_BYTES = 4;

/** Methods by name; a method is a code of class 0. */
export const methods: Readonly<Record<string, number>> = { get: 1, post: 2, put: 3, delete: 4 };

/** What every request carries after its token: options, and a payload when there is one. */
export function requestTail(
  target: string,
  { observe = false, payload = 0 }: { observe?: boolean; payload?: number } = {},
): Uint8Array<ArrayBuffer> {
  const [path = "", query = ""] = target.split("?");
  const out: number[] = [];
  let last = 0;
  const put = (number: number, value: Uint8Array) => {
    // Options come in rising order, each as the distance from the one before (RFC 7252 §3.1).
    const [delta, more] = extended(number - last);
    const [length, evenMore] = extended(value.length);
    out.push(delta << 4 | length, ...more, ...evenMore, ...value);
    last = number;
  };
  const encoder = new TextEncoder();
  if (observe) put(6, new Uint8Array(0));
  for (const segment of path.split("/").filter(Boolean)) put(11, encoder.encode(segment));
  for (const part of query.split("&").filter(Boolean)) put(15, encoder.encode(part));
  if (payload > 0) out.push(0xff, ...new Uint8Array(payload).fill(0x78));
  return Uint8Array.from(out);
}

/** One request; `slot` and `generation` make its token. */
export function request(
  head: { type: number; code: number; id: number; slot: number; generation: number },
  tail: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + TOKEN_BYTES + tail.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x40 | head.type << 4 | TOKEN_BYTES;
  bytes[1] = head.code;
  view.setUint16(2, head.id);
  view.setUint16(4, head.slot);
  view.setUint16(6, head.generation);
  bytes.set(tail, 4 + TOKEN_BYTES);
  return bytes;
}

function extended(value: number): [nibble: number, more: number[]] {
  return value < 13 ? [value, []] : [13, [value - 13]];
}
