import { choice, duration, type Kind, list, text, yesOrNo } from "./kinds.ts";
import type { Place } from "./place.ts";
import { record, type Setting, type Values } from "./record.ts";

const file = text("FILE", "give the name of a file");
const name = text("NAME", "give a name");

/** An object whose values are texts. */
const texts: Kind<Record<string, string>> = {
  hint: "",
  read(raw, place) {
    const isTable = typeof raw === "object" && raw !== null && !Array.isArray(raw) &&
      Object.values(raw).every((each) => typeof each === "string" && each !== "");
    return isTable
      ? raw as Record<string, string>
      : place.refuse(raw, 'give texts in {} such as {"name": "user"}');
  },
  schema: () => ({ type: "object", additionalProperties: { type: "string", minLength: 1 } }),
};

const url: Kind<string> = {
  hint: "URL",
  read(raw, place) {
    const isHttp = typeof raw === "string" && /^https?:\/\//.test(raw) && URL.canParse(raw);
    return isHttp ? raw : place.refuse(raw, "give a URL such as https://users.example/login");
  },
  schema: () => ({ type: "string", minLength: 1, format: "uri" }),
};

const authenticator = record(
  {
    type: {
      kind: choice(["passwords", "digest", "jwt", "certificate", "http", "login"]),
      required: true,
      doc: "How clients say who they are.",
    },
    file: {
      kind: file,
      doc: "The file of users, as passwd keeps it: for passwords and digest.",
    },
    realm: { kind: name, doc: "What HTTP clients are told the password is for." },
    secretFile: { kind: file, doc: "A file with the secret of HS256 tokens, 32 bytes or more." },
    keyFile: { kind: file, doc: "A PEM file with the public key of tokens." },
    jwks: {
      kind: text("FILE|URL", "give the URL or the file of a key set"),
      doc: "The key set of tokens: the name of a file, or a URL.",
    },
    issuer: { kind: name, doc: "What iss of tokens must be." },
    audience: { kind: name, doc: "What aud of tokens must be or hold." },
    userClaim: { kind: name, default: "sub", doc: "The claim of tokens that names the user." },
    groupsClaim: { kind: name, default: "groups", doc: "The claim of tokens that lists groups." },
    cookie: { kind: name, doc: "The cookie in which browsers show a token." },
    path: {
      kind: text("PATH", "give a path such as /login"),
      default: "/login",
      doc: "Where who has logged in gets a token: for login.",
    },
    lasts: {
      kind: duration(1_000, 30 * 86_400_000),
      default: "12h",
      doc: "How long such a token is good.",
    },
    plainCoap: {
      kind: yesOrNo(),
      default: false,
      doc: "Takes tokens over CoAP without encryption too, where others can read them.",
    },
    users: {
      kind: texts,
      doc: "Users by common name, alternative name (DNS:…) or SHA-256 fingerprint of certificates.",
    },
    url: { kind: url, doc: "The server to ask: over https:, or on this machine." },
    timeout: { kind: duration(100, 60_000), default: "5s", doc: "How long the server may take." },
    keep: { kind: duration(0, 3_600_000), default: "10s", doc: "How long its answer counts." },
    recheck: {
      kind: duration(1_000, 86_400_000),
      doc: "How often it is asked again about who is connected. Default: never.",
    },
  } as const satisfies Record<string, Setting<unknown>>,
);

/** Ways for clients to log in, in the order in which they are tried. */
export const authSetting = list(authenticator);

type Draft = Values<typeof authenticator.members>;

/** One way to log in, with its files where they are. */
export type AuthSettings = Draft & Required<Pick<Draft, "type">>;

/** The settings of which each type needs exactly one. */
const needs: Record<AuthSettings["type"], readonly (keyof Draft)[]> = {
  passwords: ["file"],
  digest: ["file"],
  jwt: ["secretFile", "keyFile", "jwks"],
  certificate: [],
  http: ["url"],
  login: [],
};

/** Checks what belongs together; `fileAt` finds the files that are named. */
export function resolveAuth(
  drafts: readonly (Draft | undefined)[],
  { place, fileAt }: {
    place: Place;
    fileAt: (given: string, place: Place, holds: "users" | "digests" | "key") => string;
  },
): AuthSettings[] {
  return drafts.flatMap((draft, index) => {
    const type = draft?.type, at = place.item(index);
    if (draft === undefined || type === undefined) return [];
    const given = needs[type].filter((each) => each in draft);
    if (needs[type].length > 0 && given.length !== 1) {
      at.complain(`Cannot use "type": "${type}" so: give ${inWords(needs[type])}`);
      return [];
    }
    const found: Draft = { ...draft };
    const locate = (
      name: "file" | "secretFile" | "keyFile" | "jwks",
      holds: "users" | "digests" | "key",
    ) => {
      const value = draft[name];
      if (value === undefined || /^https?:/.test(value)) return;
      found[name] = fileAt(value, at.member(name), holds);
    };
    locate("file", type === "digest" ? "digests" : "users");
    for (const each of ["secretFile", "keyFile", "jwks"] as const) locate(each, "key");
    if (type === "http" && draft.url !== undefined && !isSafe(draft.url)) {
      at.member("url").refuse(
        draft.url,
        "passwords go over https:, or to a server on this machine",
      );
    }
    return [{ ...found, type }];
  });
}

function isSafe(given: string): boolean {
  const { protocol, hostname } = new URL(given);
  return protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function inWords(names: readonly string[]): string {
  return names.length === 1
    ? `"${names[0]}"`
    : `one of ${names.map((each) => `"${each}"`).join(", ")}`;
}
