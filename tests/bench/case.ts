import type { Load } from "./load.ts";
import type { Contender, Server } from "./servers.ts";
import type { Tools } from "./tools.ts";

/** What one turn measured, by name. */
export type Figures = Record<string, number>;

/** What a case has at hand. */
export interface Lab {
  readonly tools: Tools;
  readonly load: Load;
  /** Where generated files go; removed at the end. */
  readonly directory: string;
  /** How long the measured part of a turn should take. */
  readonly seconds: number;
  /** True when counts that a case is named after may shrink as well. */
  readonly quick: boolean;
  /** Where the gateway should leave CPU profiles. */
  readonly profile: string | undefined;
}

/** One line of the table. */
export interface Row {
  readonly title: string;
  readonly unit: string;
  /** The figure that is compared. */
  readonly figure: string;
  /** The contender it is compared with. */
  readonly peer: string;
  readonly better: "more" | "less";
  /** What is held against the bar: our figure divided by the peer's, or our figure itself. */
  readonly judge: "ratio" | "figure";
  /** What must be reached. A row without it is shown for information. */
  readonly bar?: number;
  readonly aim?: number;
  /** True when a lost message fails the row whatever its speed. */
  readonly lossless?: boolean;
}

/** Something that is measured for each contender in turn. */
export interface Case {
  readonly name: string;
  /** The gateway first, then its peers. */
  readonly contenders: readonly Contender[];
  readonly rows: (lab: Pick<Lab, "quick">) => Row[];
  /** One turn against a server that was started for it. */
  readonly measure: (server: Omit<Server, "stop">, lab: Lab) => Promise<Figures>;
}
