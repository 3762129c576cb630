import type { CommandHost } from "../command.ts";
import { suggestion } from "../settings/nearest.ts";
import { quote } from "../settings/place.ts";

/** One flag of a client command. */
export interface ClientFlag {
  readonly name: string;
  readonly short?: string;
  /** What help shows for its values; "" for a flag alone. */
  readonly hint: string;
  readonly doc: string;
}

/** Who we are, and whom we trust. */
export const loginFlags: readonly ClientFlag[] = [
  { name: "username", short: "u", hint: "NAME", doc: "User name." },
  {
    name: "password-file",
    hint: "FILE",
    doc: "A file whose first line is the password; else the variable MEERKAT_PASSWORD.",
  },
  { name: "cafile", hint: "FILE", doc: "Certificates, as PEM, of those to trust." },
  { name: "cert", hint: "FILE", doc: "Our certificate, as PEM." },
  { name: "key", hint: "FILE", doc: "The private key of our certificate, as PEM." },
  {
    name: "insecure",
    hint: "",
    doc: "Take any certificate: somebody on the way could read and change everything.",
  },
];

export const helpFlag: ClientFlag = {
  name: "help",
  short: "h",
  hint: "",
  doc: "Show this text and exit.",
};

/** What `pub` and `sub` take. */
export const commonFlags: readonly ClientFlag[] = [
  { name: "qos", short: "q", hint: "0|1|2", doc: "Quality of service. Default: 0" },
  {
    name: "mqtt-version",
    short: "V",
    hint: "VERSION",
    doc: "5, 3.1.1 or 3.1 (also mqttv5 …); unless given, 5 or what the server takes.",
  },
  {
    name: "property",
    short: "D",
    hint: "PACKET NAME VALUE",
    doc:
      "An MQTT 5 property of CONNECT, PUBLISH, SUBSCRIBE or WILL, such as -D PUBLISH content-type text/plain; user-property takes a name and a value. Can be repeated.",
  },
  {
    name: "id",
    short: "i",
    hint: "ID",
    doc: "Client identifier. Default: one that the server makes.",
  },
  { name: "keep-session", short: "c", hint: "", doc: "Keep the session at the server; needs -i." },
  {
    name: "keepalive",
    short: "k",
    hint: "SECONDS",
    doc: "Silence after which either side asks. Default: 60",
  },
  ...loginFlags,
  { name: "will-topic", hint: "TOPIC", doc: "Where the server publishes our will." },
  { name: "will-payload", hint: "TEXT", doc: "What the will says. Default: nothing" },
  { name: "will-qos", hint: "0|1|2", doc: "The will's quality of service. Default: 0" },
  { name: "will-retain", hint: "", doc: "Have the will retained." },
  helpFlag,
];

/** Flags that other tools have, and what to do here in their place. */
const strangers: Readonly<Record<string, string>> = {
  "-p": "the port is part of the URL, as in mqtt://host:1883",
  "--port": "the port is part of the URL, as in mqtt://host:1883",
  "--host": "the host is part of the URL, as in mqtt://host:1883",
  "-L": "give the URL alone, and the topic with -t",
  "-P": "others could see it in the list of processes; give --password-file or MEERKAT_PASSWORD",
  "--pw": "others could see it in the list of processes; give --password-file or MEERKAT_PASSWORD",
};

/** What a client's command line says. */
export class ClientFlags {
  readonly faults: string[] = [];
  readonly urls: string[] = [];
  readonly #values = new Map<string, string[][]>();

  constructor(args: readonly string[], readonly known: readonly ClientFlag[]) {
    const left = [...args];
    for (let word = left.shift(); word !== undefined; word = left.shift()) {
      if (!/^-./.test(word)) this.urls.push(word);
      else this.#flag(word, left);
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value given last. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)?.[0];
  }

  /** The values of a flag that can be repeated. */
  all(name: string): readonly (readonly string[])[] {
    return this.#values.get(name) ?? [];
  }

  /** A number from `min` to `max`, or a fault. */
  number(name: string, usual: number, { min = 0, max = Infinity } = {}): number {
    const given = this.text(name);
    if (given === undefined) return usual;
    const value = given.trim() === "" ? NaN : Number(given);
    if (value >= min && value <= max) return value;
    const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
    this.faults.push(`Cannot use --${name} ${quote(given)}: give a number ${range}`);
    return usual;
  }

  /** Prints what is wrong with the flags; true when anything is. */
  report(host: Pick<CommandHost, "stderr">): boolean {
    for (const fault of this.faults) host.stderr(fault);
    return this.faults.length > 0;
  }

  #flag(word: string, left: string[]): void {
    const [, head = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const flag = this.known.find(({ name, short }) => head === `--${name}` || head === `-${short}`);
    if (flag === undefined) {
      const names = this.known.map(({ name }) => `--${name}`);
      // The word behind it is its value in the other tool, and no URL.
      if (strangers[head] !== undefined && !/^-/.test(left[0] ?? "-")) left.shift();
      const hint = strangers[head] === undefined
        ? suggestion(head, names, "--help")
        : `: ${strangers[head]}`;
      this.faults.push(`Unknown flag ${quote(head)}${hint}`);
      return;
    }
    const count = this.#countOf(flag, left);
    const values = inline === undefined ? left.splice(0, count) : [inline];
    if (values.length < count) {
      this.faults.push(`Missing value for ${head}: give ${head} ${flag.hint}`);
      return;
    }
    const all = this.#values.get(flag.name);
    if (all) all.push(values);
    else this.#values.set(flag.name, [values]);
  }

  #countOf({ hint, name }: ClientFlag, left: string[]): number {
    if (hint === "") return 0;
    if (name !== "property") return 1;
    return left[1] === "user-property" ? 4 : 3;
  }
}
