// Requests and WebSockets, and those who answer them.
export { files } from "./files/files.ts";
export { multipart, type Part } from "./multipart.ts";
export { saveUpload, type UploadOptions } from "./upload.ts";
export type { MultipartLimits, PartHead } from "../../protocols/web/multipart.ts";
export type { FilesOptions } from "./files/files_options.ts";
export { escapeHtml } from "../../protocols/web/html.ts";
export { headerParameter } from "../../protocols/web/parameters.ts";
export { formatUri, parseUri } from "../../protocols/web/uri.ts";
export type { Uri } from "../../protocols/web/uri.ts";
export type { Handler, HandlerInfo, RemoteAddress, RouteInfo } from "../handlers/handler.ts";
export type { Methods } from "../handlers/methods.ts";
export type { HandleOptions } from "../handlers/web_server.ts";
export type { LinkOptions } from "../handlers/link_options.ts";
export type { CorsOptions } from "../handlers/cors.ts";
export { events } from "../handlers/server_events.ts";
export type { ServerEvent } from "../handlers/server_events.ts";
export { deleteCookie, getCookies, setCookie } from "../handlers/cookies.ts";
export type { Cookie } from "../handlers/cookies.ts";
export { MessageSocket } from "../handlers/message_socket.ts";
export { FragmentEvent } from "../handlers/socket_events.ts";
export type { SocketEvents } from "../handlers/socket_events.ts";
export { httpRequest, type HttpRequestOptions } from "../clients/http_request.ts";
export { crossProxy } from "./cross/cross_proxy.ts";
export type { CrossProxyOptions } from "./cross/cross_proxy.ts";
export { connectWebSocket } from "../clients/connect_websocket.ts";
export type { ConnectWebSocketOptions } from "../clients/connect_websocket.ts";
export type { SocketHandler, SocketOptions } from "../handlers/socket_handler.ts";
export type { CompressionOptions } from "../../protocols/websocket/frames/extensions.ts";
export { guardPaths, protect, type ProtectOptions } from "./protect.ts";
export type { RootPart, WebPart } from "./part.ts";
export { cgi } from "./dynamic/cgi.ts";
export type { CgiOptions } from "./dynamic/cgi_options.ts";
export { ssi } from "./dynamic/ssi.ts";
export type { SsiCall, SsiFunction, SsiOptions } from "./dynamic/ssi_options.ts";
export {
  embeddedFiles,
  type FileFacts,
  type FileSource,
  type OpenFile,
} from "./files/file_source.ts";
export { type HealthOptions } from "./proxy/health.ts";
export { proxy, type ProxyOptions } from "./proxy/proxy.ts";
export { proxySocket } from "./proxy/proxy_socket.ts";
export { webdav, type WebdavOptions } from "./dav/webdav.ts";
