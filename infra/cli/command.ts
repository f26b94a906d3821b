// tapedeck command: what an operator tells a live flow, and the latch that works without one.

import { Command, InvalidArgumentError, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { sendCommand } from "../kafka/control/send-command.ts";
import { operatorOf } from "../kafka/dlq/ledger.ts";
import { readLatch, releaseLatch, setLatch } from "../kafka/service/latch-file.ts";
import { openKafka } from "../kafka/session.ts";
import { namespaceOf } from "../kafka/topics/names.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { appOption, prefixOption } from "./namespace-options.ts";

interface Options {
  readonly who?: string;
  readonly why?: string;
  readonly portfolio: string;
  readonly limit?: string;
  readonly value?: number | "off";
  readonly check?: string;
  readonly symbol?: string;
  readonly at?: number;
  readonly prefix: string;
  readonly app?: string;
  readonly cluster?: string;
  readonly root: string;
}

interface Giver {
  readonly who: string;
  readonly why: string;
}

const names = {
  halt: "HaltTrading",
  "reduce-only": "ReduceOnly",
  kill: "KillTrading",
  flatten: "FlattenPositions",
  enable: "EnableTrading",
  "set-limit": "SetLimit",
  "request-override": "RequestOverride",
  "confirm-override": "ConfirmOverride",
} as const satisfies Readonly<Record<string, ControlCommand["command"]>>;

const latches = ["latch", "release", "show-latch"] as const;

export function commandCommand(): Command {
  return new Command("command")
    .argument("<name>", [...Object.keys(names), ...latches].join(", "))
    .option("--who <name>", "who gives it", filled)
    .option("--why <text>", "why", filled)
    .option("--portfolio <name>", "whom it is for", "main")
    .option("--limit <name>", "set-limit: maxPosition, maxGrossExposureMinor, ... (docs/risk.md)")
    .addOption(new Option("--value <n>", "set-limit: a whole number, or off").argParser(value))
    .option("--check <name>", "overrides: which check, such as PRICE_COLLAR")
    .option("--symbol <symbol>", "overrides: of whose next order")
    .addOption(new Option("--at <time>", "event time (default: now)").argParser(time))
    .addOption(appOption("the application (default: --prefix, or tapedeck)"))
    .addOption(prefixOption("before every topic, with its dot"))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--root <folder>", "where the run is written down: the latch's place", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, options: Options, self: Command) => {
      const said = await give(name, options);
      const json = self.optsWithGlobals().json === true;
      process.stdout.write(json ? `${JSON.stringify(said)}\n` : `${text(said)}\n`);
    });
}

type Said = Readonly<Record<string, string | number | null>>;

const text = (said: Said): string =>
  Object.entries(said)
    .map(([key, value]) => `${key.padEnd(9)} ${value ?? "none"}`)
    .join("\n");

async function give(name: string, options: Options): Promise<Said> {
  const { app } = namespaceOf(options.prefix, options.app);
  if (name === "show-latch") {
    const latch = readLatch(options.root, app);
    return latch === null ? { app, latch: null } : { app, latch: "set", ...latch };
  }
  const { who, why } = options;
  if (who === undefined || why === undefined)
    throw usage(`${name} needs --who and --why: it is written down`);
  if (name === "latch") {
    const at = new Date().toISOString();
    return { app, latch: "set", file: setLatch(options.root, app, { who, why, at }) };
  }
  if (name === "release") {
    return { app, latch: releaseLatch(options.root, app) ? "released" : "there was none" };
  }
  const command = commandOf(name, { ...options, who, why });
  const session = await openKafka({ cluster: options.cluster });
  try {
    const log = session.log(operatorOf(app), options.prefix, true);
    try {
      const nowUs = Date.now() * 1000;
      const { offset, timeUs } = await sendCommand(log, command, options.at ?? nowUs);
      return { command: command.command, who, at: formatIsoUs(timeUs), offset };
    } finally {
      await log.close();
    }
  } finally {
    await session.close();
  }
}

function commandOf(name: string, options: Options & Giver): ControlCommand {
  if (!isName(name)) {
    throw usage(`no command ${name}: ${[...Object.keys(names), ...latches].join(", ")}`);
  }
  const { limit, value: to, check, symbol, who, why, portfolio } = options;
  const isOverride = name.endsWith("-override");
  if (isOverride && (check === undefined || symbol === undefined)) {
    throw usage(`${name} needs --check and --symbol`);
  }
  if (name === "set-limit" && (limit === undefined || to === undefined)) {
    throw usage("set-limit needs --limit and --value");
  }
  return {
    portfolio,
    command: names[name],
    who,
    why,
    limit: (isOverride ? check : name === "set-limit" ? limit : undefined) ?? null,
    value: name !== "set-limit" || to === "off" ? null : (to ?? null),
    symbol: isOverride ? (symbol ?? "") : "",
    overlay: null,
    fromUs: null,
    untilUs: null,
    confidenceBps: null,
  };
}

const isName = (name: string): name is keyof typeof names => Object.hasOwn(names, name);

const usage = (message: string): TapedeckError => new TapedeckError("USAGE_INVALID", message, {});

function filled(found: string): string {
  if (found.trim() !== "") return found;
  throw new InvalidArgumentError("it may not be empty");
}

function value(found: string): number | "off" {
  if (found === "off") return found;
  const parsed = /^\d+$/.test(found) ? Number(found) : Number.NaN;
  if (Number.isSafeInteger(parsed)) return parsed;
  throw new InvalidArgumentError("write a whole number, or off");
}

function time(found: string): number {
  const us = parseIsoUs(found);
  if (us !== null && us >= 0) return us;
  throw new InvalidArgumentError("write a time such as 2026-11-21T20:00:00Z");
}

const help = `
halt             nothing new; what only reduces a position still passes
reduce-only      only what reduces a position
kill             cancel every working order; nothing passes after it
flatten          cancel every working order, then close every position at the market
enable           trade again; ends a kill, a flattening and a latch only with a name
request-override, confirm-override
                 two different persons let one order of a symbol pass one check

latch            stop the services of this machine by a file: it needs neither broker nor log, sends nothing,
                 and so cancels nothing; release takes it away, show-latch says whether it is there

Examples:
  $ tapedeck command kill --who ann --why "fills that nobody sent"
  $ tapedeck command enable --who ann --why "explained, see ticket 7"
  $ tapedeck command request-override --check PRICE_COLLAR --symbol IBM --who ann --why "news"
  $ tapedeck command confirm-override --check PRICE_COLLAR --symbol IBM --who bob --why "agreed"
  $ tapedeck command latch --app live-1 --who ann --why "the broker is down"`;
