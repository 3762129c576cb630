/**
 * What a web server that people would choose for itself can do, row by row, and the test that shows it.
 * Tests whose names begin with the number of a row are not repeated here.
 */
export const features: readonly (readonly [rows: string, test: string])[] = [
  ["E10", "A body is sent as it comes, both ways, and a slow client holds it back"],
  ["E11", "A handler reads the body of a request and answers later"],
  ["E12", "protect lets curl in by Basic from a file of mosquitto_passwd"],
  ["E13", "The example of RFC 7616 with ${algorithm} comes out"],
  ["E14", "An event stream has payloads that are not UTF-8 in base64, and the media type"],
  ["F2", "Handlers finds an exact path before any other, then the longest"],
  ["F3", "encodeHead writes status, date, fields, length and connection"],
  ["F4", "A body of known length is sent with it"],
  ["F5", "sendChunk and encodeLastChunk write chunks of all sizes"],
  ["F11", "HTTP asks before a handler answers, and the connection knows who it is"],
  ["F12", "hub.handle streams both ways at once through curl"],
  ["F13", "HttpSession answers one request after the other on one connection"],
  ["F14", "The cookie login knows who comes back, until it is told to forget"],
  ["F15", "One TCP port for MQTT and HTTP, one of UDP for CoAP, one topic space"],
  ["G3", "A file in a directory protects it and all below, and is not shown itself"],
  ["G4 G5", "An answer to a challenge counts once, for its own path, and a stale one says so"],
  ["G13", "Whom the access list of a listener denies is hung up on before a byte is read"],
  ["G15", "Proxies and rewrites to other servers can be configured"],
  ["H1 H2", "MultipartReader reads ${name}, however it comes"],
  ["H3", "MultipartReader misses the end of ${name} wherever it is cut"],
  ["H4", "curl uploads 256 MiB to a gateway whose memory does not grow with it"],
  ["H5", "Uploads keep each file under a safe name, and number those of one name"],
  ["H6", "The big upload shows how far it is, and keeps the file"],
  ["I7", "passes method, path, query, fields and body on, and the answer back"],
  ["I8", "Proxies and rewrites to other servers can be configured"],
  ["J1", "A WebSocket of ${name} is answered ${status}"],
  ["J2", "checkHandshake accepts ${name}"],
  ["J3 J4", "RFC 6455, ${group}: ${name}"],
  ["J5", "Pieces come as they arrive, of messages of any length, and text is checked all the same"],
  ["J6", "65,537 fragments of 64 bytes, and of one, are one message"],
  ["J7", "encodeFrame writes what decodeHeader reads, at every width"],
  ["J8", "A WebSocket is opened by TLS with whom we trust, and with nobody else"],
  ["J9", "openingRequest() asks for a WebSocket of MQTT"],
  ["J10", "The dashboard tells the real figure, and refuses forms of other sites"],
  ["N1 N2 N3 N5 N6 Z1 Z2", "AccessList ${text} lets in whom its last fitting rule allows"],
  ["N4", "A malformed access list is refused when the listener is made"],
  [
    "R1 R2 R3 R4 R5 R6 Z6",
    "An upload goes to the service, in parts when it is long, never whole in memory",
  ],
  ["R7", "Errors of the service are shown with their own status"],
  ["R8 R9 R11 R12", "The dashboard draws what comes each second, and saves settings escaped"],
  ["R10", "The dashboard tells the real figure, and refuses forms of other sites"],
];

/** The rows that must have a test: those of HTTP, the file server, uploads, proxies and WebSockets. */
export const required: readonly string[] = [
  "A25",
  ...rows("E", 14),
  ...rows("F", 15),
  ...rows("G", 31),
  ...rows("H", 6),
  ...rows("I", 8),
  ...rows("J", 10),
  ...rows("N", 6),
  ...rows("R", 12),
];

function rows(letter: string, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
}
