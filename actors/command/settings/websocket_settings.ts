import { yesOrNo } from "./kinds.ts";
import type { Setting } from "./record.ts";

/** How WebSockets are spoken. */
export const websocketSettings = {
  webSocketCompression: {
    only: "file",
    kind: yesOrNo(),
    doc:
      "Whether WebSocket messages are compressed for clients that offer it (permessage-deflate). Default: true.",
  },
} as const satisfies Record<string, Setting<unknown>>;
