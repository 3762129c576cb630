import { Log } from "../../log.ts";
import type { CommandHost, Running } from "../command.ts";
import { ListenError, wordsOf } from "../config/cause.ts";
import { load } from "../config/load.ts";
import type { Fault } from "../config/sources.ts";
import { followConfig, type Started } from "./follow_config.ts";

/** Starts the gateway and runs it until a signal stops it. */
export async function serve(args: string[], host: CommandHost): Promise<number> {
  const loaded = await load(args, host);
  if (!("settings" in loaded)) return refuse(loaded, host);
  const { settings, faults, config } = loaded;
  if (faults.length > 0) return refuse(faults, host, config);
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<number>();
  let heard = 0;
  const forget = host.onSignal((signal) => {
    if (heard++ === 0) first.resolve(signal);
    // Who asks a second time does not want to wait for the clients to finish.
    else second.resolve(1);
  });
  try {
    const started = { args, config, settings };
    return await Promise.race([live(started, host, first.promise), second.promise]);
  } finally {
    forget();
  }
}

/** Prints one fault, and how many there are. */
function refuse(faults: readonly Fault[], host: CommandHost, config?: string): number {
  const fault = faults.find(({ code }) => code === 2) ?? faults[0]!;
  const more = faults.length > 1 && config !== undefined
    ? ` (one of ${faults.length} faults: see the command check)`
    : "";
  host.stderr(fault.line + more);
  return fault.code;
}

async function live(
  { settings, config, ...rest }: Pick<Started, "args" | "settings"> & {
    config?: string | undefined;
  },
  host: CommandHost,
  asked: Promise<string>,
): Promise<number> {
  const { drainMs, logLevel: level, logFormat: format } = settings;
  const log = new Log({ level, format, sink: host.stderr });
  let running: Running;
  try {
    running = await host.serve(settings, log);
  } catch (error) {
    host.stderr(error instanceof ListenError ? error.message : `Cannot start: ${wordsOf(error)}`);
    log.debug("start failed", { error });
    return 1;
  }
  const forget = config && followConfig({ ...rest, config, settings, running }, { host, log });
  for (const url of running.listeners) host.stdout(`listening ${url}`);
  try {
    const signal = await Promise.race([asked, running.finished]);
    if (typeof signal !== "string") return 0;
    log.info("stopping", { signal, drainMs });
    await running.stop(drainMs);
    return 0;
  } catch (error) {
    host.stderr(`Cannot go on: ${wordsOf(error)}`);
    log.debug("failed", { error });
    return 1;
  } finally {
    if (forget) forget();
  }
}
