import { connectWebSocket, type MessageSocket } from "../../mod.ts";
import { Child } from "../interop/child.ts";
import { within } from "../interop/patience.ts";
import { program } from "../interop/programs.ts";

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: { message: string };
  method?: string;
  params?: Record<string, unknown>;
}

/** Room for a picture of a page, in base64. */
const MESSAGE_BYTES = 16 << 20;

/** A page in Chromium, driven over the DevTools protocol by our own WebSocket. */
export class Page {
  /** What the page threw and nobody caught. */
  readonly faults: string[] = [];
  /** What it printed with `console.log`. */
  readonly said: string[] = [];
  readonly #socket: MessageSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #ids = 0;

  constructor(socket: MessageSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(String(data)));
  }

  async open(url: string): Promise<void> {
    const { targetId } = await this.#ask("Target.createTarget", { url: "about:blank" });
    const attached = await this.#ask("Target.attachToTarget", { targetId, flatten: true });
    this.#session = attached.sessionId as string;
    await this.#ask("Runtime.enable");
    await this.#ask("Page.navigate", { url });
  }

  /** The value of an expression in the page; of a promise, what it resolves with. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#ask("Runtime.evaluate", {
      expression,
      ...options,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: unknown }).value;
  }

  /** Resolves with the first value of `expression` that is something; asked after each change. */
  when(expression: string): Promise<unknown> {
    return this.evaluate(`new Promise((resolve) => {
      const look = () => {
        const found = ${expression};
        if (found) resolve(found), observer.disconnect();
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { attributes: true, childList: true, subtree: true });
      look();
    })`);
  }

  /** Types into whatever has the focus, and presses Enter. */
  async type(text: string): Promise<void> {
    await this.#ask("Input.insertText", { text });
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" };
    await this.#ask("Input.dispatchKeyEvent", { type: "keyDown", ...key });
    await this.#ask("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }

  /** Puts a picture of the page into a new file outside of the project. */
  async picture(name: string): Promise<string> {
    const { data } = await this.#ask("Page.captureScreenshot", { format: "png" });
    const file = await Deno.makeTempFile({ prefix: `meerkat-${name}-`, suffix: ".png" });
    await Deno.writeFile(file, Uint8Array.fromBase64(data as string));
    return file;
  }

  /** Lets the page send no more than this in a second. */
  async slowUploads(bytes: number): Promise<void> {
    await this.#ask("Network.enable");
    const rest = { offline: false, latency: 0, downloadThroughput: -1 };
    await this.#ask("Network.emulateNetworkConditions", { ...rest, uploadThroughput: bytes });
  }

  /** Closes the whole browser: a killed one leaves its helpers behind. */
  async close(): Promise<void> {
    this.#session = undefined;
    await this.#ask("Browser.close");
  }

  async #ask(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#ids;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    const { result, error } = await within(method, answered);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  #heard(answer: Answer): void {
    if (answer.method === "Runtime.exceptionThrown") this.faults.push(JSON.stringify(answer));
    if (answer.method === "Runtime.consoleAPICalled") {
      const { args } = answer.params as { args: { value: string }[] };
      this.said.push(args.map(({ value }) => value).join(" "));
    }
    this.#waiting.get(answer.id ?? 0)?.(answer);
    this.#waiting.delete(answer.id ?? 0);
  }
}

/** Starts Chromium, opens `url`, and ends Chromium when `use` is done with the page. */
export async function withPage(url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const profile = await Deno.makeTempDir();
  try {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"];
    await using browser = new Child(program("chromium"), [...flags, `--user-data-dir=${profile}`]);
    const line = await browser.complains("DevTools listening on ");
    const limits = { maxMessageBytes: MESSAGE_BYTES };
    const socket = connectWebSocket(line.slice(line.indexOf("ws:")), { limits });
    const opened = new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = ({ reason }) => reject(new Error(reason));
    });
    await within("the DevTools", opened);
    const page = new Page(socket);
    await page.open(url);
    await use(page);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    await page.close();
    await within("the end of the DevTools", closed);
    await browser.ended();
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}
