export { memoryPair, MemoryTransport } from "./memory.ts";
export type { MemoryOptions } from "./memory.ts";
export type { SecureIdentity, SecureOptions, SecureTransport } from "./tls/secure.ts";
export type { BehindProxyOptions } from "./behind_proxy.ts";
export type { TcpOptions } from "./tcp.ts";
export type { TlsOptions } from "./tls/tls.ts";
export type { UdpOptions } from "./udp.ts";
export type { UnixOptions } from "./unix.ts";
export type {
  Address,
  ByteStream,
  DatagramPort,
  DatagramTransport,
  Listener,
  Transport,
} from "./transport.ts";
