import { encode, encodePath, sign, type Signer } from "./signature.ts";

/** 5 MiB: the least that S3 takes as a part, except for the last. */
const PART_BYTES = 5 << 20;

/** What the service answered in place of a success. */
export class S3Error extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** A bucket of an S3-compatible service, such as `https://s3.eu-central-1.amazonaws.com`. */
export class Bucket {
  readonly #base: string;
  readonly #signer: Signer;

  constructor(endpoint: string, name: string, signer: Signer) {
    this.#base = `${endpoint.replace(/\/$/, "")}/${encodePath(name)}`;
    this.#signer = signer;
  }

  /**
   * Puts an object, whatever its length: no more than one part is in memory. What was sent of it is
   * given up when `signal` aborts or the body ends in an error.
   */
  async put(key: string, body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const parts = inParts(body), next = await parts.next();
    if (next.value === undefined || next.value.length < PART_BYTES) {
      await this.#ask("PUT", key, "", next.value ?? new Uint8Array(), signal);
      return;
    }
    const begun = await this.#ask("POST", key, "?uploads=", new Uint8Array(), signal);
    const id = /<UploadId>([^<]+)</.exec(await begun.text())?.[1] ?? "";
    const upload = `uploadId=${encode(id)}`;
    try {
      const tags: string[] = [];
      for (
        let part: IteratorResult<Part, undefined> = next;
        !part.done;
        part = await parts.next()
      ) {
        const query = `?partNumber=${tags.length + 1}&${upload}`;
        const answer = await this.#ask("PUT", key, query, part.value, signal);
        tags.push(answer.headers.get("etag") ?? "");
      }
      const list = tags.map((tag, i) =>
        `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`
      );
      const xml = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
      const ended = await this.#ask(
        "POST",
        key,
        `?${upload}`,
        new TextEncoder().encode(xml),
        signal,
      );
      // The service answers 200 before it joins the parts, and may still fail after that.
      const text = await ended.text();
      if (text.includes("<Error>")) throw new S3Error(502, messageIn(text));
    } catch (error) {
      // Parts of an upload that is not completed cost money until it is given up.
      await this.#ask("DELETE", key, `?${upload}`, new Uint8Array()).catch(() => {});
      throw error;
    }
  }

  async #ask(
    method: string,
    key: string,
    query: string,
    body: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const url = new URL(`${this.#base}/${encodePath(key)}${query}`);
    const headers = await sign({ method, url, body }, this.#signer, new Date());
    const answer = await fetch(url, {
      method,
      headers,
      body: body.length > 0 ? body : null,
      signal,
    });
    if (answer.ok) return answer;
    const text = await answer.text();
    throw new S3Error(answer.status, messageIn(text));
  }
}

function messageIn(xml: string): string {
  return /<Message>([^<]*)</.exec(xml)?.[1] ?? xml.slice(0, 200);
}

/** True for names that a URL would take for another place. */
export function leadsElsewhere(name: string): boolean {
  return /(^|\/)\.{1,2}(\/|$)/.test(name);
}

type Part = Uint8Array<ArrayBuffer>;

/** Pieces of `PART_BYTES`, the last of which may be shorter. */
async function* inParts(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Part, undefined> {
  let part = new Uint8Array(PART_BYTES), used = 0;
  for await (let bytes of body) {
    while (bytes.length > 0) {
      const count = Math.min(bytes.length, PART_BYTES - used);
      part.set(bytes.subarray(0, count), used);
      used += count;
      bytes = bytes.subarray(count);
      if (used < PART_BYTES) continue;
      yield part;
      part = new Uint8Array(PART_BYTES);
      used = 0;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
