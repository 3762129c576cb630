import {
  boundaryOf,
  multipartDefaults,
  type MultipartLimits,
  MultipartReader,
  type PartEvent,
  type PartHead,
} from "../../protocols/web/multipart.ts";
import { ProtocolError } from "../../protocols/session.ts";

/**
 * One part of a form, such as a file. Its content is read from the client while it is taken from
 * here.
 *
 * @example Counting the bytes of each file
 * ```ts
 * import { multipart, type Part } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function sizeOf({ body }: Part): Promise<number> {
 *   let size = 0;
 *   for await (const bytes of body) size += bytes.length;
 *   return size;
 * }
 *
 * const form = new FormData();
 * form.append("picture", new File(["12345"], "5.bin"));
 * const request = new Request("http://device.example/", { method: "POST", body: form });
 * for await (const part of multipart(request)) assert.equal(await sizeOf(part), 5);
 * ```
 */
export interface Part extends PartHead {
  /** The content. It errors when the client breaks off before the part is whole. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The content as text (UTF-8): for short fields. */
  text(): Promise<string>;
}

/**
 * Yields the parts of a form as browsers send files (`multipart/form-data`, RFC 7578), one after
 * the other. Memory holds no more of them than one read of the connection. Content that is not read
 * before the next part is asked for is skipped.
 *
 * Rejects with a `ProtocolError`, whose `code` is the status to answer with: 415 for a body that is
 * no such form, 400 for one that is malformed or ends too early, 413 beyond a limit.
 *
 * @example A form with a file
 * ```ts
 * import { multipart } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const form = new FormData();
 * form.append("title", "Attic");
 * form.append("log", new File(["21.5\n"], "attic.log", { type: "text/plain" }));
 * const request = new Request("http://device.example/", { method: "POST", body: form });
 * const seen: string[] = [];
 * for await (const part of multipart(request)) {
 *   seen.push(`${part.name} ${part.filename ?? ""} ${(await part.text()).trim()}`);
 * }
 * assert.deepEqual(seen, ["title  Attic", "log attic.log 21.5"]);
 * ```
 */
export async function* multipart(
  request: Request,
  limits: Partial<MultipartLimits> = {},
): AsyncGenerator<Part, void> {
  const boundary = boundaryOf(request.headers.get("content-type") ?? "");
  if (boundary === undefined || request.body === null) {
    throw new ProtocolError("Cannot use this body: send a form as multipart/form-data", 415);
  }
  const source = request.body.getReader();
  const events = eventsOf(
    source,
    new MultipartReader(boundary, { ...multipartDefaults, ...limits }),
  );
  try {
    for (;;) {
      const { value: head, done } = await events.next();
      if (done) return;
      if (head === "end" || head instanceof Uint8Array) continue;
      const content = new Content(events);
      yield { ...head, body: content.stream, text: () => content.text() };
      await content.skip();
    }
  } finally {
    await source.cancel().catch(() => {});
  }
}

async function* eventsOf(
  source: ReadableStreamDefaultReader<Uint8Array>,
  reader: MultipartReader,
): AsyncGenerator<PartEvent, void> {
  for (;;) {
    const { value, done } = await source.read();
    if (done) return reader.end();
    yield* reader.push(value);
  }
}

/** The content of one part, until its end has come. */
class Content {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #events: AsyncGenerator<PartEvent, void>;
  #isOver = false;

  constructor(events: AsyncGenerator<PartEvent, void>) {
    this.#events = events;
    this.stream = new ReadableStream({
      pull: async (controller) => {
        const bytes = await this.#next();
        if (bytes === undefined) controller.close();
        // The chunks of a request are nobody else's.
        else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      },
      // Nothing is read ahead: what nobody asks for stays in the client's own memory.
    }, { highWaterMark: 0 });
  }

  text(): Promise<string> {
    return new Response(this.stream).text();
  }

  async skip(): Promise<void> {
    while (await this.#next() !== undefined);
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isOver) return undefined;
    const { value, done } = await this.#events.next();
    if (!done && value instanceof Uint8Array) return value;
    this.#isOver = true;
    return undefined;
  }
}
