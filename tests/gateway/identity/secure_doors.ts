import {
  authenticators,
  certificateUser,
  coapClient,
  coapStream,
  gateway,
  http,
  jwt,
  mqtt,
  policy,
  type SecureTransport,
  tls,
} from "../../../mod.ts";
import { folder, secret } from "../../actors/identity/people.ts";
import { Child } from "../../interop/child.ts";
import type { Hub } from "../../interop/listeners.ts";
import { program } from "../../interop/programs.ts";
import { certificates } from "../../transports/tls/certificates.ts";
import { type Shown, shown as plainlyShown, users } from "./doors.ts";
import { type IdentityFiles, identityFiles } from "./identity_files.ts";
import { UserFile } from "./user_file.ts";

/** What clients show over TLS: beside the rest, a certificate that is ann's, or is not. */
export interface SecurelyShown extends Shown {
  readonly certificate?: "client" | "twins";
}

export const shown: Record<string, SecurelyShown> = {
  ...plainlyShown,
  "right certificate": { certificate: "client" },
  "wrong certificate": { certificate: "twins" },
  "revoked certificate": { certificate: "client" },
};

/** A gateway that knows ann and bob, and is reached by TLS only. */
export class SecureHouse implements AsyncDisposable {
  private constructor(
    readonly hub: Hub,
    readonly ports: Record<string, number>,
    readonly files: IdentityFiles,
    readonly path: string,
    readonly users: UserFile,
    readonly transports: readonly SecureTransport[],
  ) {}

  static async open(): Promise<SecureHouse> {
    const { path } = await folder(), files = await identityFiles();
    await Deno.writeTextFile(`${path}/users`, users.both);
    const { ca, server, lists } = certificates();
    const hub = gateway(), known = new UserFile(`${path}/users`);
    hub.use(authenticators([
      jwt({ secret }),
      certificateUser({ users: { "sensor-7": "ann" } }),
      known.authenticator,
    ]));
    hub.use(policy({ rules: [{ allow: ["publish", "subscribe"], topics: ["home/%u/#"] }] }));
    const transports: SecureTransport[] = [], identity = { ...server, ca, crl: lists.none };
    const speaking = { http: http(), mqtt: mqtt(), coap: coapStream() };
    const ports: Record<string, number> = {};
    for (const [name, protocol] of Object.entries(speaking)) {
      const transport = tls({ port: 0, ...identity, clientCertificates: "optional" });
      transports.push(transport);
      ports[name] = (await hub.listen(transport, protocol).ready).port;
    }
    await Deno.writeTextFile(`${path}/twins.pem`, certificates().twins.cert);
    await Deno.writeTextFile(`${path}/twins.key`, certificates().twins.key);
    return new SecureHouse(hub, ports, files, path, known, transports);
  }

  /** File names of what a client shows. */
  identity(which: "client" | "twins"): { cert: string; key: string } {
    const { clientCert: cert, clientKey: key } = this.files;
    return which === "client" ? { cert, key } : {
      cert: `${this.path}/twins.pem`,
      key: `${this.path}/twins.key`,
    };
  }

  /** Ann is no user any more. */
  async revoke(): Promise<void> {
    await this.users.change(users.bob);
  }

  /** Her certificate is good no more. */
  revokeCertificate(): void {
    const { ca, server, lists } = certificates();
    for (const each of this.transports) each.renew({ ...server, ca, crl: lists.client });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.stop();
    await this.files[Symbol.asyncDispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

type SecureDoor = (house: SecureHouse, topic: string, shown: SecurelyShown) => Promise<string>;

/** Runs a program; all that it says, and how it ends. */
async function said(path: string, args: readonly string[]): Promise<string> {
  await using child = new Child(path, args);
  await child.closeInput();
  const { code, stdout, stderr } = await child.ended();
  return `${new TextDecoder().decode(stdout)}${stderr}[${code}]`;
}

/** Each protocol's way in by TLS, with the client that people use. */
export const secureDoors: Record<string, SecureDoor> = {
  async "https, by curl"(house, topic, { password, token, certificate }) {
    const args = ["-sS", "--cacert", house.files.ca, "-o", "/dev/null", "-w", "%{http_code}"];
    if (password !== undefined) args.push("-u", `ann:${password}`);
    if (token !== undefined) args.push("-H", `Authorization: Bearer ${token}`);
    if (certificate !== undefined) {
      const { cert, key } = house.identity(certificate);
      args.push("--cert", cert, "--key", key);
    }
    const url = `https://localhost:${house.ports.http}/topics/${topic}`;
    return (await said(program("curl"), [...args, "-X", "PUT", "-d", "1", url])).replace("[0]", "");
  },
  async "wss"(house, topic, { password, token, certificate }) {
    const own = certificate === undefined ? {} : certificates()[certificate];
    using stream = await Deno.connectTls({
      hostname: "localhost",
      port: house.ports.http!,
      caCerts: [certificates().ca],
      ...own,
    });
    const login = password === undefined
      ? ""
      : `Authorization: Basic ${btoa(`ann:${password}`)}\r\n`;
    const query = token === undefined ? "" : `?access_token=${token}`;
    await stream.write(new TextEncoder().encode(
      `GET /topics/${topic}${query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${login}` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    const into = new Uint8Array(64);
    await stream.read(into);
    return new TextDecoder().decode(into).slice(9, 12);
  },
  async "mqtts, by mosquitto_pub"(house, topic, { password, token, certificate }) {
    const args = ["-V", "5", "-h", "localhost", "-p", `${house.ports.mqtt}`, "-q", "1"];
    args.push("--cafile", house.files.ca, "-t", topic, "-m", "1");
    const secret = password ?? token;
    if (secret !== undefined) args.push("-u", "ann", "-P", secret);
    if (certificate !== undefined) {
      const { cert, key } = house.identity(certificate);
      args.push("--cert", cert, "--key", key);
    }
    const all = await said(program("mosquitto_pub"), args);
    if (/Bad User ?Name or Password/i.test(all)) return "0x86";
    return /Not authorized/i.test(all) ? "0x87" : all.endsWith("[0]") ? "0x10" : all;
  },
  async "coaps+tcp"(house, topic, { password, token, certificate }) {
    const { ca } = certificates(),
      own = certificate === undefined ? {} : certificates()[certificate];
    await using client = coapClient(`coaps+tcp://localhost:${house.ports.coap}`, {
      tls: { ca, ...own },
      ...password !== undefined && { username: "ann", password },
    });
    const query = token === undefined ? "" : `?access_token=${token}`;
    return (await client.put(`/topics/${topic}${query}`, { payload: "1" })).code;
  },
};
