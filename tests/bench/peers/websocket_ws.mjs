// The peer of the gateway's WebSockets: an echo, or one message to all, with the `ws` package on Node.
//   websocket_ws.mjs PORT FOLDER-OF-WS echo|fanout
import { createRequire } from "node:module";
import process from "node:process";

const [port, folder, mode] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${folder}/`)("ws");
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
    if (mode === "echo") return socket.send(data, { binary });
    for (const each of server.clients) each.send(data, { binary });
  });
});
