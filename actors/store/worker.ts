/// <reference lib="deno.worker" />
import { StoreWriter } from "./store_writer.ts";

// A thread of its own: a disk may take its time, and nobody else must wait for it.
const writer = new StoreWriter((answer) => self.postMessage(answer));
self.onmessage = ({ data }) => writer.take(data);
