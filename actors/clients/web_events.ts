import type { Answered } from "../command/client/client.ts";

/** Follows a topic by server-sent events, and yields the payloads of their JSON envelopes. */
export async function* webEvents(url: string, init: RequestInit): AsyncIterable<Answered> {
  const headers = new Headers(init.headers);
  headers.set("accept", "text/event-stream");
  const answer = await fetch(url, { ...init, headers });
  const { ok, status, statusText, body } = answer;
  if (!ok || body === null) {
    const payload = new Uint8Array(await answer.arrayBuffer());
    return yield { ok, head: [`${status} ${statusText}`], payload };
  }
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith("data: ")) yield readEnvelope(line.slice(6));
  }
}

function readEnvelope(text: string): Answered {
  const { topic, payload, encoding } = JSON.parse(text);
  const bytes = encoding === "base64"
    ? Uint8Array.fromBase64(payload)
    : new TextEncoder().encode(payload);
  return { ok: true, head: [topic], payload: bytes };
}
