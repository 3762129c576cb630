import type { CgiSettings, SsiSettings } from "../../command/settings/dynamic_settings.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Log } from "../../log.ts";
import type { FilesOptions } from "../files/files_options.ts";
import type { RootPart, WebPart } from "../part.ts";
import { Scripts } from "./cgi.ts";
import { ssi } from "./ssi.ts";

/** What scripts and pages with includes need. */
interface DynamicOptions {
  hub: Gateway;
  log: Log;
  /** How files are shown, wherever they are. */
  shown: Omit<FilesOptions, "root" | "prefix">;
  settings: { cgi?: CgiSettings | undefined; ssi?: SsiSettings | undefined };
  /** Asks the whole site. */
  again: WebPart;
}

/** The parts that are asked before the files of a root are shown: scripts, then pages with includes. */
export function dynamicParts(options: DynamicOptions): (root: string) => RootPart[] {
  const { hub, log, shown, settings, again } = options;
  const scripts = settings.cgi && new Scripts({ ...settings.cgi, hub, log, redirected: again });
  return (root) => {
    const run = scripts?.part({ ...shown, root });
    const pages = settings.ssi && ssi({ ...shown, ...settings.ssi, root, hub, log, cgi: run });
    return [run, pages].filter((each) => each !== undefined);
  };
}
