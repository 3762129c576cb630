import assert from "node:assert/strict";
import { connect } from "node:tls";
import { eitherTls } from "../../../transports/either.ts";
import { tcp } from "../../../transports/tcp.ts";
import type { SecureOptions, SecureTransport } from "../../../transports/tls/secure.ts";
import { tls } from "../../../transports/tls/tls.ts";
import type { ByteStream } from "../../../transports/transport.ts";
import { Child } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { settled, strict } from "../streams.ts";
import { bytesIn, TestAuthority } from "./authorities.ts";
import type { Identity } from "./certificates.ts";

const authority = await TestAuthority.make("Us");
const server = await authority.issue("server", "server");
const ann = await authority.issue("ann"), bob = await authority.issue("bob");
const ca = authority.pem, none = await authority.revoke([]);
const lists = { none, ann: await authority.revoke([ann.cert]) };

/** A listener whose greeting is the client's name, and what it has said of those that it refused. */
class Greeter implements AsyncDisposable {
  readonly refused: string[] = [];
  readonly streams: ByteStream[] = [];
  #listener: Awaited<ReturnType<SecureTransport["listen"]>> | undefined;
  #serving: Promise<void> | undefined;

  private constructor(readonly transport: SecureTransport) {}

  static async open(
    options: Partial<SecureOptions> = {},
    make: (options: SecureOptions) => SecureTransport = (options) => tls({ port: 0, ...options }),
  ): Promise<Greeter> {
    const refused = (error: Error) => void greeter.refused.push(error.message);
    const usual = { ...server, ca, crl: none, clientCertificates: "required" } as const;
    const greeter: Greeter = new Greeter(make({ ...usual, refused, ...options }));
    greeter.#listener = await greeter.transport.listen();
    greeter.#serving = greeter.#serve();
    return greeter;
  }

  async #serve(): Promise<void> {
    for (;;) {
      const stream = await this.#listener!.accept();
      if (stream === undefined) return;
      this.streams.push(stream);
      // One that finds out whether it is encrypted does that with its first byte.
      stream.read(new Uint8Array(8)).then(
        () => stream.write(new TextEncoder().encode(`Good day ${stream.certificate}\n`)),
      ).then(() => stream.close(), () => {});
    }
  }

  get port(): number {
    return this.#listener!.address.port;
  }

  /** Comes, says something, and leaves with what it is told. */
  async visit(identity?: Identity): Promise<string> {
    const socket = connect({ port: this.port, host: "localhost", ca, ...identity });
    let heard = "";
    const over = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("secureConnect", () => socket.write("Good day"));
    socket.on("data", (bytes) => {
      heard += bytes;
      socket.end();
    });
    socket.on("error", () => {});
    await over;
    return heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener!.close();
    await this.#serving;
    for (const each of this.streams) each.close();
    await settled();
  }
}

const ways: [name: string, make: (options: SecureOptions) => SecureTransport][] = [
  ["tls()", (options) => tls({ port: 0, ...options })],
  ["eitherTls()", (options) => eitherTls(tcp({ port: 0 }), options)],
];
for (const [name, make] of ways) {
  for (const clientCertificates of ["required", "optional"] as const) {
    Deno.test({
      name:
        `${name} hangs up on a revoked certificate where one is ${clientCertificates}, and goes on`,
      ...strict,
      async fn() {
        await using greeter = await Greeter.open({ crl: lists.ann, clientCertificates }, make);
        assert.equal(await greeter.visit(ann), "");
        assert.equal(await greeter.visit(bob), "Good day bob\n");
        const [said, ...more] = greeter.refused;
        assert.deepEqual(more, []);
        assert.match(
          said!,
          /^Cannot secure .*: the client certificate is revoked \(serial [\dA-F]+, subject "CN=ann"\)$/,
        );
        const stranger = await greeter.visit();
        assert.equal(stranger, clientCertificates === "optional" ? "Good day undefined\n" : "");
      },
    });
  }
}

/** Comes with `openssl s_client`; how the handshake went, and what it was told. */
async function knock(port: number, folder: string, args: readonly string[]): Promise<string> {
  const usual = ["s_client", "-connect", `localhost:${port}`, "-CAfile", "ca", "-ign_eof"];
  await using child = new Child(program("openssl"), [...usual, ...args], { cwd: folder });
  await child.write("Good day\n");
  const { stdout } = await child.ended(), text = new TextDecoder().decode(stdout);
  const [, handshake] = /^(New|Reused), /m.exec(text) ?? [];
  return `${handshake}: ${/Good day \w+/.exec(text)?.[0] ?? ""}`;
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  testWith(["openssl"], `Whoever resumes a session of ${version} is looked up again`, async () => {
    await using greeter = await Greeter.open();
    const folder = await Deno.makeTempDir();
    try {
      const files = { ca, cert: ann.cert, key: ann.key };
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }
      const own = ["-cert", "cert", "-key", "key"];
      const come = (...args: string[]) => knock(greeter.port, folder, [version, ...args]);
      assert.equal(await come(...own, "-sess_out", "session"), "New: Good day ann");
      // What a session was made with counts, whether it is shown again or not.
      assert.equal(await come("-sess_in", "session"), "Reused: Good day ann");
      assert.equal(await come(...own, "-sess_out", "session"), "New: Good day ann");
      greeter.transport.renew({ ...server, ca, crl: lists.ann });
      assert.equal(await come(...own, "-sess_in", "session"), "Reused: ");
      assert.equal(await come("-sess_in", "session"), "Reused: ");
      assert.match(greeter.refused.join("\n"), /is revoked .*"CN=ann".*\n.*is revoked .*"CN=ann"/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test({
  name: "A stream says when its certificate is revoked, and others do not",
  ...strict,
  async fn() {
    await using greeter = await Greeter.open();
    for (const each of [ann, bob]) await greeter.visit(each);
    const [ofAnn, ofBob] = greeter.streams, heard: string[] = [];
    ofAnn!.grant!.watch(() => heard.push("ann"));
    ofBob!.grant!.watch(() => heard.push("bob"));
    greeter.transport.renew({ ...server, ca, crl: [lists.none, bytesIn(lists.ann)] });
    assert.deepEqual(heard, []);
    greeter.transport.renew({ ...server, ca, crl: bytesIn(lists.ann) });
    assert.deepEqual(heard, ["ann"]);
  },
});

Deno.test({
  name: "When an authority is revoked, all whom it vouches for have to go",
  ...strict,
  async fn() {
    const office = await TestAuthority.make("Office", authority);
    const ca = authority.pem + office.pem, ours = await office.revoke([]);
    const { cert, key } = await office.issue("carl"), carl = { cert: cert + office.pem, key };
    await using greeter = await Greeter.open({ ca, crl: [none, ours] });
    for (const each of [carl, ann]) assert.match(await greeter.visit(each), /^Good day (carl|ann)/);
    const heard: string[] = [];
    for (const { grant, certificate } of greeter.streams) {
      grant!.watch(() => heard.push(certificate!));
    }
    const crl = [await authority.revoke([office.pem]), ours];
    greeter.transport.renew({ ...server, ca, crl });
    assert.deepEqual(heard, ["carl"]);
    // With the authority's certificate, and without it, which is known.
    for (const shown of [carl, { cert, key }]) assert.equal(await greeter.visit(shown), "");
    assert.match(greeter.refused.join("\n"), /an authority's certificate is revoked .*"CN=Office"/);
    assert.equal(await greeter.visit(ann), "Good day ann\n");
  },
});

Deno.test({
  name: "A list that is of no use is refused, and nothing else that came with it is used",
  ...strict,
  async fn() {
    await using greeter = await Greeter.open({ crl: lists.ann });
    const stranger = await TestAuthority.make("Them");
    const wrong: [crl: SecureOptions["crl"], said: RegExp][] = [
      ["ca.crl", /^Error: Cannot use `crl`: it is neither PEM with "X509 CRL" in it nor DER$/],
      [
        await stranger.revoke([]),
        /^Error: Cannot use `crl`: .* of another issuer: `ca` has "CN=Us"$/,
      ],
      [[], /^Error: Cannot use `crl`: there is no revocation list$/],
      [await authority.revoke([], { daysAgo: 3 }), /^Error: Cannot use `crl`: .* has expired/],
    ];
    const other = await stranger.issue("other", "server");
    for (const [crl, said] of wrong) {
      assert.throws(() => greeter.transport.renew({ ...other, ca, crl }), said);
    }
    assert.equal(await greeter.visit(ann), "");
    assert.equal(await greeter.visit(bob), "Good day bob\n");
  },
});

Deno.test("A list is of no use where no client is asked for a certificate", async () => {
  const options = { port: 0, ...server, crl: none };
  await assert.rejects(
    async () => await tls({ ...options, ca }).listen(),
    /^Error: Cannot use `crl`: no client is asked for a certificate; set `ca` and/,
  );
});

Deno.test({
  name: "Who listens anew knows who was revoked, and who came before hears of it",
  ...strict,
  async fn() {
    const transport = tls({ port: 0, ...server, ca, crl: none, clientCertificates: "required" });
    await using first = await Greeter.open({}, () => transport);
    await first.visit(ann);
    const heard: string[] = [];
    first.streams[0]!.grant!.watch(() => heard.push("ann"));
    await using second = await Greeter.open({}, () => transport);
    transport.renew({ ...server, ca, crl: lists.ann });
    assert.deepEqual(heard, ["ann"]);
    for (const each of [first, second]) assert.equal(await each.visit(ann), "");
  },
});
