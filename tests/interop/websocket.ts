import { within } from "./patience.ts";

/** A WebSocket of Deno's own, and what came through it so far. */
export interface OpenWebSocket {
  readonly socket: WebSocket;
  /** Every message as bytes, text and binary alike. */
  readonly messages: Uint8Array[];
  readonly closed: Promise<CloseEvent>;
  /** Resolves with as many messages, the first ones. */
  received(count: number): Promise<Uint8Array[]>;
}

/** Resolves once the server has accepted it. */
export async function openWebSocket(url: string, protocol?: string): Promise<OpenWebSocket> {
  const socket = protocol === undefined ? new WebSocket(url) : new WebSocket(url, protocol);
  socket.binaryType = "arraybuffer";
  const messages: Uint8Array[] = [];
  let looks: (() => void)[] = [];
  socket.onmessage = ({ data }) => {
    messages.push(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
    for (const look of looks) look();
  };
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  const opened = new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
  });
  await within(`the WebSocket ${url}`, opened);
  socket.onerror = null;
  const received = (count: number) =>
    within(
      `${count} messages of the WebSocket ${url}`,
      new Promise<Uint8Array[]>((resolve) => {
        const look = () => {
          if (messages.length < count) return;
          looks = looks.filter((each) => each !== look);
          resolve(messages.slice(0, count));
        };
        looks.push(look);
        look();
      }),
    );
  return { socket, messages, closed, received };
}
