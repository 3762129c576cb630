import assert from "node:assert/strict";
import type { SecureTransport } from "../../../transports/tls/secure.ts";
import { tls } from "../../../transports/tls/tls.ts";
import { certificates, hasOpenssl, type Identity } from "./certificates.ts";
import { testTls } from "./tls_ends.ts";

const { ca, server, client, rogue } = hasOpenssl
  ? certificates()
  : {} as ReturnType<typeof certificates>;

/** A listener that tells each client the name in its certificate, and hangs up. */
class Greeter implements AsyncDisposable {
  port = 0;
  readonly refusals: string[] = [];
  transport!: SecureTransport;
  #stop = () => Promise.resolve();

  static async open(options: Partial<Parameters<typeof tls>[0]>): Promise<Greeter> {
    const greeter = new Greeter();
    const refused = ({ message }: Error) => greeter.refusals.push(message);
    greeter.transport = tls({ port: 0, ...server, refused, ...options });
    const listener = await greeter.transport.listen();
    greeter.port = listener.address.port;
    const running = (async () => {
      for (let each = await listener.accept(); each; each = await listener.accept()) {
        await each.write(new TextEncoder().encode(`hello ${each.certificate}\n`));
        each.close();
      }
    })();
    greeter.#stop = () => {
      listener.close();
      return running;
    };
    return greeter;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}

/** The sessions of one client, kept in a file as openssl keeps them. */
class Client implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync();

  constructor(identity: Identity, readonly version: string) {
    Deno.writeTextFileSync(`${this.#folder}/cert.pem`, identity.cert);
    Deno.writeTextFileSync(`${this.#folder}/key.pem`, identity.key);
  }

  /** What a listener says to a whole handshake. */
  begin({ port }: Greeter): Promise<string> {
    const own = ["-cert", "cert.pem", "-key", "key.pem"];
    return this.#connect(port, ...own, "-sess_out", "session");
  }

  /** What it says when the session of that handshake goes on. */
  resume({ port }: Greeter): Promise<string> {
    return this.#connect(port, "-sess_in", "session");
  }

  async #connect(port: number, ...args: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("openssl", {
      cwd: this.#folder,
      args: ["s_client", "-connect", `localhost:${port}`, `-${this.version}`, "-ign_eof", ...args],
      stderr: "null",
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    const isResumed = args.includes("-sess_in");
    assert.match(text, isResumed ? /^Reused, /m : /^New, /m);
    return /hello \S+/.exec(text)?.[0] ?? "refused";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

for (const version of ["tls1_2", "tls1_3"]) {
  testTls(`resumes a session of ${version} only where its certificate is good`, async () => {
    await using trusting = await Greeter.open({ ca, clientCertificates: "required" });
    await using sister = await Greeter.open({ ca, clientCertificates: "optional" });
    await using strange = await Greeter.open({ ca: rogue.cert, clientCertificates: "required" });
    await using lenient = await Greeter.open({ ca: rogue.cert, clientCertificates: "optional" });
    await using careless = await Greeter.open({});
    await using each = new Client(client, version);
    assert.equal(await each.begin(trusting), "hello sensor-7");
    assert.equal(await each.resume(trusting), "hello sensor-7");
    assert.equal(await each.resume(sister), "hello sensor-7");
    assert.equal(await each.resume(strange), "refused");
    assert.equal(await each.resume(lenient), "refused");
    assert.match(strange.refusals[0]!, /the session that it resumes is not good here/);
    assert.equal(await each.resume(careless), "hello undefined");
  });

  testTls(`resumes no session of ${version} whose authority is out of use`, async () => {
    await using greeter = await Greeter.open({ ca, clientCertificates: "required" });
    await using each = new Client(client, version);
    assert.equal(await each.begin(greeter), "hello sensor-7");
    greeter.transport.renew({ ...server, ca: ca + rogue.cert });
    assert.equal(await each.resume(greeter), "hello sensor-7");
    greeter.transport.renew({ ...server, ca: rogue.cert });
    assert.equal(await each.resume(greeter), "refused");
  });
}
