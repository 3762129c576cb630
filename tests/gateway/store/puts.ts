/** Puts number after number on `web/…` until the gateway is gone; notes what was acknowledged. */
export async function webPuts(
  port: number,
  acknowledged: Map<string, number>,
  keys: number,
): Promise<void> {
  const first = Math.max(0, ...acknowledged.values()) + 1;
  try {
    for (let number = first;; number++) {
      const path = `web/${number % keys}`;
      const url = `http://127.0.0.1:${port}/topics/${path}`;
      const answer = await fetch(url, { method: "PUT", body: String(number) });
      await answer.body?.cancel();
      if (answer.ok) acknowledged.set(path, number);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

const CON_PUT = [0x40, 0x03];

/** The same over CoAP, on `coap/…`; without an answer for a while the gateway is gone. */
export async function coapPuts(
  port: number,
  acknowledged: Map<string, number>,
  keys: number,
): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", port: 0, hostname: "127.0.0.1" });
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  let number = Math.max(0, ...acknowledged.values());
  const put = () => {
    number++;
    const path = ["topics", "coap", String(number % keys)];
    // Uri-Path is option 11 (RFC 7252 §5.10); those after the first have delta 0.
    const options = path.flatMap((level, at) => [
      (at === 0 ? 11 : 0) << 4 | level.length,
      ...new TextEncoder().encode(level),
    ]);
    const payload = new TextEncoder().encode(String(number));
    const id = [number >> 8 & 255, number & 255];
    void socket.send(Uint8Array.of(...CON_PUT, ...id, ...options, 0xff, ...payload), to);
  };
  let heardAt = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - heardAt <= 500) return;
    // The loop below may hear of it later than the next time comes.
    clearInterval(watch);
    socket.close();
  }, 50);
  put();
  try {
    for await (const [bytes] of socket) {
      heardAt = performance.now();
      if (bytes[1]! >> 5 === 2) acknowledged.set(`coap/${number % keys}`, number);
      put();
    }
  } finally {
    clearInterval(watch);
  }
}
