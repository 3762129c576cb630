/**
 * The server of the ETSI CoAP plugtests, against which CoAP clients are tried out.
 *
 *   deno run -A examples/coap_plugtest.ts 5683
 *   coap-client coap://127.0.0.1/.well-known/core
 *
 * Try: coap-client -s 10 coap://127.0.0.1/obs, which is told something new every two seconds.
 */
import {
  coap,
  type CoapOptions,
  type CoapResponse,
  coapStream,
  type Gateway,
  gateway,
  tcp,
  udp,
} from "../mod.ts";

/** Content-Formats. */
const TEXT = 0, LINKS = 40, XML = 41, JSON_TEXT = 50, MERGE_PATCH = 52, CBOR = 60;

/** 1,536 bytes, in lines that say where they are. */
const large = Array.from(
  { length: 24 },
  (_, line) => `${line + 1}`.padStart(4, "0").padEnd(63, "."),
)
  .map((line) => `${line}\n`).join("");

const text = { ct: TEXT };

/** GET, PUT, POST and DELETE, and paths of several segments. */
function basics(hub: Gateway): void {
  const beginning = "Hello, plugtest";
  let value = beginning;
  hub.coap("/test", {
    GET: () => ({ payload: value }),
    PUT(request) {
      value = request.text();
      return { code: "2.04" };
    },
    POST: () => ({ code: "2.01", location: "/location1/location2/location3" }),
    // Not removed, since the next test wants to find something.
    DELETE() {
      value = beginning;
      return { code: "2.02" };
    },
  }, { ...text, title: "Default test resource" });
  hub.coap("/seg1/seg2/seg3", { GET: ({ path }) => ({ payload: `This is ${path}` }) }, text);
  hub.coap("/query", { GET: ({ queries }) => ({ payload: queries.join("\n") }) }, text);
  hub.coap("/location-query", {
    POST: () => ({ code: "2.01", location: "?first=1&second=2" }),
  });
}

/** An answer that takes a second, and comes separately. */
function separate(hub: Gateway, separateMs: number): void {
  hub.coap("/separate", {
    async GET() {
      await new Promise((done) => setTimeout(done, separateMs));
      return { payload: "That took a while" };
    },
  }, text);
}

/** Bodies in blocks, both ways. */
function blocks(hub: Gateway): void {
  const sized = { ...text, sz: large.length };
  let updated: CoapResponse = { payload: large };
  const created: CoapResponse[] = [];
  hub.coap("/large", { GET: () => ({ payload: large }) }, { ...sized, rt: "block" });
  hub.coap("/large-update", {
    GET: () => updated,
    PUT({ payload, format = TEXT }) {
      updated = { payload, format };
      return { code: "2.04" };
    },
  }, { ...sized, rt: "block" });
  hub.coap("/large-create", {
    POST({ payload, format = TEXT }) {
      // As many as a test needs, so that nobody can fill our memory.
      if (created.length === 100) created.length = 0;
      return { code: "2.01", location: `/large-create/${created.push({ payload, format })}` };
    },
  }, { rt: "block" });
  hub.coap("/large-create/*", {
    GET: ({ segments }) => created[Number(segments[1]) - 1] ?? { code: "4.04" },
  });
  hub.coap("/large-post", {
    POST: ({ payload }) => ({ payload: `${large}You sent ${payload.length} bytes` }),
  }, { rt: "block" });
}

/** What changes by itself, and those who want to hear of it. */
function observed(hub: Gateway, everyMs: number): void {
  let count = 0, put: CoapResponse | undefined;
  const counted = (): CoapResponse => ({ payload: `${count}`, maxAge: Math.ceil(everyMs / 1000) });
  const options: CoapOptions = { ...text, rt: "observe", observable: "confirmable" };
  const obs = hub.coap("/obs", {
    GET: () => put ?? counted(),
    PUT({ payload, format = TEXT }) {
      // Observers are promised one format (RFC 7641 §4.4).
      if (format !== TEXT) obs.end("5.00", `The format is ${format} now`);
      put = { payload, format };
      obs.changed();
      return { code: "2.04" };
    },
    DELETE() {
      put = undefined;
      obs.end("4.04", "Deleted");
      return { code: "2.02" };
    },
  }, options);
  const non = hub.coap("/obs-non", { GET: counted }, { ...options, observable: "non-confirmable" });
  const big = hub.coap("/obs-large", {
    GET: () => ({ payload: `${count}\n${large}`, etag: `${count}` }),
  }, options);
  const all = [obs, non, big];
  hub.coap("/obs-reset", {
    POST() {
      for (const each of all) each.end("5.03", "Reset");
      return { code: "2.04" };
    },
  });
  hub.spawn("count", (self) => {
    const timer = setInterval(() =>
      self.turn(() => {
        count++;
        put = undefined;
        for (const each of all) each.changed();
      }), everyMs);
    self.defer(() => clearInterval(timer));
    return { receive() {} };
  });
}

/** Formats, and lists of links. */
function formats(hub: Gateway): void {
  const words = new Map<number, Uint8Array | string>([
    [TEXT, "21.5 degrees"],
    [XML, "<celsius>21.5</celsius>"],
    [JSON_TEXT, '{"celsius":21.5}'],
    // A map of one: "celsius" is the half-precision number 21.5 (RFC 8949).
    [CBOR, Uint8Array.of(0xa1, 0x67, 99, 101, 108, 115, 105, 117, 115, 0xf9, 0x4d, 0x60)],
  ]);
  hub.coap("/multi-format", {
    GET: ({ accept = TEXT }) => ({ payload: words.get(accept)!, format: accept }),
  }, { ct: [...words.keys()] });
  const links = [["Type1 Type2", "If1"], ["Type2 Type3", "If2"], ["Type1 Type3", "foo"]] as const;
  for (const [index, [rt, description]] of links.entries()) {
    const payload = `This is link ${index + 1}`;
    hub.coap(`/link${index + 1}`, { GET: () => ({ payload }) }, { ...text, rt, if: description });
  }
  const below = [1, 2, 3].map((number) => `/path/sub${number}`);
  const list = below.map((path) => `<${path}>`).join(",");
  hub.coap("/path", { GET: () => ({ payload: list, format: LINKS }) }, { ct: LINKS });
  for (const path of below) {
    hub.coap(path, { GET: () => ({ payload: `This is ${path}` }) }, { ...text, listed: false });
  }
}

/** ETag, If-Match, If-None-Match. */
function conditions(hub: Gateway): void {
  let value = "Validate me", version = 1, created: string | undefined;
  const etag = () => `v${version % 1_000_000}`;
  hub.coap("/validate", {
    GET: () => ({ payload: value, etag: etag() }),
    PUT(request) {
      if (!request.meets(etag())) return { code: "4.12" };
      value = request.text();
      version++;
      return { code: "2.04", etag: etag() };
    },
  }, text);
  hub.coap("/create1", {
    GET: () => created === undefined ? { code: "4.04" } : { payload: created },
    PUT(request) {
      const isNew = created === undefined;
      if (!request.meets(isNew ? undefined : "it")) return { code: "4.12" };
      created = request.text();
      return { code: isNew ? "2.01" : "2.04" };
    },
    DELETE() {
      created = undefined;
      return { code: "2.02" };
    },
  }, text);
}

/** Parts of a JSON object: FETCH of some, PATCH and iPATCH by a flat merge patch (RFC 8132). */
function parts(hub: Gateway): void {
  let state = new Map<string, unknown>([["lamp", "on"], ["celsius", 21.5]]);
  const answer = (entries: Iterable<[string, unknown]>): CoapResponse => ({
    payload: JSON.stringify(Object.fromEntries(entries)),
    format: JSON_TEXT,
  });
  const patch = (body: string): CoapResponse => {
    const changes = parse(body);
    if (typeof changes !== "object" || changes === null) return { code: "4.00" };
    const changed = new Map([...state, ...Object.entries(changes)]);
    state = new Map([...changed].filter(([, value]) => value !== null));
    return { code: "2.04" };
  };
  const patches = (request: { format: number | undefined; text(): string }): CoapResponse =>
    request.format === MERGE_PATCH ? patch(request.text()) : { code: "4.15" };
  hub.coap("/fetch", {
    GET: () => answer(state),
    FETCH(request) {
      const names = request.format === JSON_TEXT ? parse(request.text()) : undefined;
      if (!Array.isArray(names)) return { code: "4.15", payload: 'Send names, as in ["lamp"]' };
      return answer([...state].filter(([name]) => names.includes(name)));
    },
    PATCH: patches,
    iPATCH: patches,
  }, { ct: JSON_TEXT });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export async function main(port = 5683, { everyMs = 2_000, separateMs = 1_000 } = {}) {
  const hub = gateway();
  basics(hub);
  separate(hub, separateMs);
  blocks(hub);
  observed(hub, everyMs);
  formats(hub);
  conditions(hub);
  parts(hub);
  const at = { hostname: "127.0.0.1", port };
  const datagrams = hub.listen(udp(at), coap()), streams = hub.listen(tcp(at), coapStream());
  const ports = { udp: (await datagrams.ready).port, tcp: (await streams.ready).port };
  console.log(`Plugtest on coap://127.0.0.1:${ports.udp} and coap+tcp://127.0.0.1:${ports.tcp}`);
  return { hub, ports };
}

if (import.meta.main) await main(Number(Deno.args[0] ?? 5683));
