import type { Case, Row } from "../case.ts";
import { meerkat, meerkatEcho, wsPackage } from "../servers.ts";

/** An echo of small messages: four outstanding for each of 64 clients. */
export const webSocketCase: Case = {
  name: "websocket-echo",
  contenders: [meerkatEcho, wsPackage("echo")],
  rows: () => [row("WebSocket echo of 64 bytes, 64 clients", "messages/s", 1, 1.5)],
  measure: ({ port }, lab) => lab.load.own("websocket_load", "echo", port, 64, lab.seconds),
};

/** One topic to a thousand sockets. */
export const webSocketFanOutCase: Case = {
  name: "websocket-fan-out",
  contenders: [meerkat("http"), wsPackage("fanout")],
  rows: ({ quick }) => [
    row(
      `WebSocket, one topic to ${sockets(quick).toLocaleString("en")} sockets`,
      "deliveries/s",
      2,
    ),
  ],
  measure: ({ port }, lab) =>
    lab.load.own("websocket_load", "fanout", port, sockets(lab.quick), lab.seconds),
};

function sockets(quick: boolean): number {
  return quick ? 200 : 1000;
}

function row(title: string, unit: string, bar: number, aim?: number): Row {
  const rest = aim === undefined ? {} : { aim };
  return { title, unit, figure: "rate", peer: "ws", better: "more", judge: "ratio", bar, ...rest };
}
