import type { Case, Figures, Lab } from "./case.ts";
import type { Contender } from "./servers.ts";
import { formatNumber, type Line, summarize } from "./table.ts";

/** Everything about one case after its turns. */
export interface CaseResult {
  name: string;
  lines: Line[];
  /** Every turn, by contender. */
  raw: Record<string, Figures[]>;
  /** Why a contender has no figures. */
  absent: Record<string, string>;
}

/** Lets the contenders take turns, each on a server of its own. */
export async function runCase(each: Case, turns: number, lab: Lab): Promise<CaseResult> {
  const figures = new Map<string, Figures[]>();
  const absent: Record<string, string> = {};
  for (const { name, lacks } of each.contenders) {
    const missing = lacks(lab);
    if (missing !== undefined) absent[name] = `${missing} is not installed`;
    figures.set(name, []);
  }
  for (let turn = 1; turn <= turns; turn++) {
    for (const contender of each.contenders) {
      const { name } = contender;
      if (name in absent) continue;
      try {
        const measured = await runTurn(each, contender, lab);
        figures.get(name)!.push(measured);
        console.error(
          `${each.name} ${turn}/${turns} ${name}: ${describe(each, name, measured, lab)}`,
        );
      } catch (error) {
        absent[name] = (error as Error).message;
        console.error(`${each.name} ${turn}/${turns} ${name} failed: ${absent[name]}`);
      }
    }
  }
  // A contender that failed once counts for nothing: its good turns may be the lucky ones.
  for (const name of Object.keys(absent)) figures.set(name, []);
  return {
    name: each.name,
    lines: each.rows(lab).map((row) => summarize(row, figures)),
    raw: Object.fromEntries(figures),
    absent,
  };
}

async function runTurn(each: Case, contender: Contender, lab: Lab): Promise<Figures> {
  const server = await contender.start(lab);
  try {
    return await each.measure(server, lab);
  } finally {
    await server.stop();
  }
}

function describe(each: Case, name: string, figures: Figures, lab: Lab): string {
  const shown = new Map<string, string>();
  for (const { figure, unit, peer } of each.rows(lab)) {
    if (name === "Meerkat" || name === peer) {
      shown.set(figure, `${formatNumber(figures[figure]!)} ${unit}`);
    }
  }
  return [...shown.values()].join(", ");
}
