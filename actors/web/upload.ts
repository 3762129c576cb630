import { extname, join } from "node:path";
import { ProtocolError } from "../../protocols/session.ts";
import type { Handler } from "../handlers/handler.ts";
import { multipart, type Part } from "./multipart.ts";

/**
 * Where uploaded files are kept, under which names, and how much of them.
 *
 * @example Only logs, under a name of the server's choice
 * ```ts
 * import { gateway, http, saveUpload, tcp, type UploadOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * const options: UploadOptions = {
 *   folder,
 *   name: (clientName) => clientName.endsWith(".log") ? "latest.log" : undefined,
 * };
 * await using hub = gateway();
 * hub.handle("/upload", saveUpload(options));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const form = new FormData();
 * form.append("file", new File(["21.5"], "attic.log"));
 * const url = `http://127.0.0.1:${port}/upload`;
 * const answer = await fetch(url, { method: "POST", body: form });
 * assert.deepEqual(await answer.json(), [{ name: "latest.log", bytes: 4 }]);
 * assert.equal(await Deno.readTextFile(`${folder}/latest.log`), "21.5");
 * ```
 */
export interface UploadOptions {
  /** The directory that files are put into. It must exist. */
  folder: string;
  /**
   * Names a file by the name that the client gives it, which has no path; undefined refuses the
   * upload with 403. Default: the letters, digits, dots and dashes of the client's name, with a
   * number if there is a file of this name already.
   */
  name?: (clientName: string) => string | undefined;
  /** Bytes of one file; default 5 GiB. */
  maxFileBytes?: number;
  /** Files of one request; default 100. */
  maxFiles?: number;
}

const defaults = {
  /** 5 GiB: a film, or an image of a disk. */
  maxFileBytes: 5 * 2 ** 30,
  /** 100 files, chosen in a browser at once. */
  maxFiles: 100,
};

interface Saved {
  name: string;
  bytes: number;
}

/** A file on its way: all that there is of it, the temporary one first. */
type Incoming = Saved & { readonly paths: string[] };

/**
 * Makes a handler that keeps the files of forms that are sent by POST in a directory. A file
 * appears under its name once it is whole, and nothing stays of an upload that breaks off. The
 * answer is 201 with a JSON list of names and sizes.
 *
 * @example A field that is no file is not kept
 * ```ts
 * import { gateway, http, saveUpload, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * await using hub = gateway();
 * hub.handle("/upload", saveUpload({ folder }));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const form = new FormData();
 * form.append("note", "hello");
 * form.append("file", new File(["1"], "../../etc/passwd"));
 * const answer = await fetch(`http://127.0.0.1:${port}/upload`, { method: "POST", body: form });
 * assert.equal(answer.status, 201);
 * assert.deepEqual(await answer.json(), [{ name: "passwd", bytes: 1 }]);
 * ```
 */
export function saveUpload(options: UploadOptions): Handler {
  return async (request) => {
    if (request.method !== "POST") {
      const headers = { allow: "POST" };
      return new Response("Cannot do that: POST a form with files\n", { status: 405, headers });
    }
    const upload = new Upload(options);
    try {
      for await (const part of multipart(request)) await upload.take(part);
      return Response.json(await upload.finish(), { status: 201 });
    } catch (error) {
      await upload.discard();
      if (!(error instanceof ProtocolError)) throw error;
      return new Response(`${error.message}\n`, { status: error.code });
    }
  };
}

/** The files of one request: all of them are kept, or none. */
class Upload {
  readonly #options: UploadOptions;
  readonly #files: Incoming[] = [];

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  async take(part: Part): Promise<void> {
    const { filename } = part;
    // A field left empty by the browser has an empty name.
    if (filename === undefined || filename === "") return;
    const { folder, name = safeName, maxFiles = defaults.maxFiles } = this.#options;
    if (this.#files.length >= maxFiles) throw tooMuch(`at most ${maxFiles} files are taken`);
    const base = baseName(filename), own = base === "" ? undefined : name(base);
    if (own === undefined || own === "" || baseName(own) !== own) {
      throw new ProtocolError("Cannot keep a file of this name", 403);
    }
    const temporary = join(folder, `.upload-${crypto.randomUUID()}`);
    const file = { name: own, bytes: 0, paths: [temporary] };
    this.#files.push(file);
    file.bytes = await this.#write(part, temporary);
  }

  async finish(): Promise<Saved[]> {
    for (const file of this.#files) {
      if (this.#options.name === undefined) await this.#takeName(file);
      const place = join(this.#options.folder, file.name);
      await Deno.rename(file.paths[0]!, place);
      file.paths.push(place);
    }
    return this.#files.splice(0).map(({ name, bytes }) => ({ name, bytes }));
  }

  async discard(): Promise<void> {
    for (const path of this.#files.splice(0).flatMap(({ paths }) => paths)) {
      await Deno.remove(path).catch(() => {});
    }
  }

  async #write({ body }: Part, path: string): Promise<number> {
    const { maxFileBytes = defaults.maxFileBytes } = this.#options;
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o644 });
    let written = 0;
    for await (const bytes of body) {
      written += bytes.length;
      if (written > maxFileBytes) throw tooMuch(`a file has at most ${maxFileBytes} bytes`);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
    return written;
  }

  /** Makes a file of its name, or of that with a number, the first that no file has. */
  async #takeName(file: Incoming): Promise<void> {
    const extension = extname(file.name), stem = file.name.slice(0, -extension.length || undefined);
    for (let number = 1;; number++) {
      const mark = number > NUMBERED ? crypto.randomUUID() : number;
      const own = number === 1 ? file.name : `${stem}-${mark}${extension}`;
      const place = join(this.#options.folder, own);
      try {
        // The file is made at once, so that nobody else takes the name.
        (await Deno.open(place, { write: true, createNew: true })).close();
        file.name = own;
        file.paths.push(place);
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  }
}

/** Files of one name that get numbers: to look for the next takes as long as there are. */
const NUMBERED = 1_000;

function tooMuch(why: string): ProtocolError {
  return new ProtocolError(`Cannot take this upload: ${why}`, 413);
}

/** What is left of a name without folders, be they of Unix or of Windows. */
function baseName(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  return base === "." || base === ".." ? "" : base;
}

/** Names of devices on Windows, whatever their extension. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** A name that every file system takes, and that does not hide the file. */
function safeName(clientName: string): string | undefined {
  const name = baseName(clientName).normalize("NFC")
    .replace(/[^\p{L}\p{N}._ -]/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "");
  if (name === "" || device.test(name)) return undefined;
  if (shortened(name, 200) === name) return name;
  return shortened(name, 180) + shortened(extname(name), 20);
}

const encoder = new TextEncoder();

/** As many characters from the start as fit into so many bytes: file systems count those. */
function shortened(text: string, bytes: number): string {
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(bytes)).read);
}
