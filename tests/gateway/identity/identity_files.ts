import { certificates } from "../../transports/tls/certificates.ts";

/** The names of PEM files in a folder that is removed at the end of its scope. */
export interface IdentityFiles extends AsyncDisposable {
  folder: string;
  /** The authority's certificate. */
  ca: string;
  cert: string;
  key: string;
  /** A client's certificate and key, signed by the authority. */
  clientCert: string;
  clientKey: string;
  /** A certificate and key that nobody vouches for. */
  rogueCert: string;
  rogueKey: string;
}

export async function identityFiles(): Promise<IdentityFiles> {
  const folder = await Deno.makeTempDir();
  const { ca, server, client, rogue } = certificates();
  const put = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  return {
    folder,
    ca: await put("ca.pem", ca),
    cert: await put("server.pem", server.cert),
    key: await put("server.key", server.key),
    clientCert: await put("client.pem", client.cert),
    clientKey: await put("client.key", client.key),
    rogueCert: await put("rogue.pem", rogue.cert),
    rogueKey: await put("rogue.key", rogue.key),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
