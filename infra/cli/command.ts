// tapedeck command: what an operator tells a live flow, and the latch that works without one.

import { Command, InvalidArgumentError, Option } from "commander";
import { settableLimits } from "../../processors/risk-config.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { ControlCommand, OverlayKind } from "../../schemas/generated/control.commands.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { requireSound, sendCommand } from "../kafka/control/send-command.ts";
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
  readonly overlay?: OverlayOption;
  readonly weight?: number;
  readonly expectedReturn?: number;
  readonly confidence?: number;
  readonly ceiling?: number;
  readonly from?: number;
  readonly until?: number;
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
  "set-overlay": "SetOverlay",
  "lift-overlay": "LiftOverlay",
} as const satisfies Readonly<Record<string, ControlCommand["command"]>>;

const overlays = {
  "restricted-buys": "RESTRICTED_BUYS",
  restricted: "RESTRICTED",
  blackout: "BLACKOUT",
  target: "TARGET",
  view: "VIEW",
} as const satisfies Readonly<Record<string, OverlayKind>>;
type OverlayOption = keyof typeof overlays;

const latches = ["latch", "release", "show-latch"] as const;

export function commandCommand(): Command {
  return new Command("command")
    .argument("<name>", [...Object.keys(names), ...latches].join(", "))
    .option("--who <name>", "who gives it", filled)
    .option("--why <text>", "why", filled)
    .option("--portfolio <name>", "whom it is for", "main")
    .addOption(
      new Option("--limit <name>", "set-limit: which (docs/risk.md)").choices(settableLimits),
    )
    .addOption(new Option("--value <n>", "set-limit: a whole number, or off").argParser(value))
    .option("--check <name>", "overrides: which check, such as PRICE_COLLAR")
    .option("--symbol <symbol>", "overrides: of whose next order; overlays: on which, else on all")
    .addOption(new Option("--overlay <kind>", "overlays: which").choices(Object.keys(overlays)))
    .addOption(new Option("--weight <part>", "a target's, of equity").argParser(part))
    .addOption(new Option("--expected-return <part>", "a view's, signed").argParser(part))
    .addOption(new Option("--confidence <part>", "a view's, up to 1").argParser(part))
    .addOption(
      new Option("--ceiling <n>", "overrides: the most that the check may measure").argParser(
        whole,
      ),
    )
    .addOption(new Option("--from <time>", "overlays: from then on (default: now)").argParser(time))
    .addOption(new Option("--until <time>", "overlays, overrides: before then").argParser(time))
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
  const at = new Date().toISOString();
  if (name === "latch") {
    return { app, latch: "set", file: setLatch(options.root, app, { who, why, at }) };
  }
  if (name === "release") {
    const isReleased = releaseLatch(options.root, app, { who, why, at });
    return { app, latch: isReleased ? "released" : "there was none" };
  }
  const command = commandOf(name, { ...options, who, why });
  requireSound(command);
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
  const isOverlay = name.endsWith("-overlay");
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
    symbol: isOverride || isOverlay ? (symbol ?? "") : "",
    ...overlayOf(name, options),
  };
}

/** The fields of overlays; of no other command. */
function overlayOf(
  name: string,
  { overlay, weight, expectedReturn, confidence, ceiling, from, until }: Options,
): Pick<ControlCommand, "overlay" | "fromUs" | "untilUs" | "confidenceBps"> &
  Partial<Pick<ControlCommand, "value">> {
  const isSet = name === "set-overlay";
  const given = {
    "--weight": weight,
    "--expected-return": expectedReturn,
    "--confidence": confidence,
  };
  const owners = {
    "--weight": "target",
    "--expected-return": "view",
    "--confidence": "view",
  } as const;
  for (const [flag, value] of Object.entries(given)) {
    const owner = owners[flag as keyof typeof owners];
    if (value !== undefined && !(isSet && overlay === owner)) {
      throw usage(`${flag} goes with set-overlay --overlay ${owner} alone`);
    }
    if (isSet && overlay === owner && value === undefined) {
      throw usage(`set-overlay --overlay ${owner} needs ${flag}`);
    }
  }
  const isOverlay = isSet || name === "lift-overlay";
  if (isSet && overlay === undefined) throw usage("set-overlay needs --overlay");
  if (overlay !== undefined && !isOverlay) throw usage(`--overlay does not go with ${name}`);
  const isOverride = name.endsWith("-override");
  if (from !== undefined && !isSet) throw usage("--from goes with set-overlay alone");
  if (until !== undefined && !isSet && !isOverride) {
    throw usage("--until goes with set-overlay and overrides alone");
  }
  if (ceiling !== undefined && !isOverride) throw usage("--ceiling goes with overrides alone");
  const ofOverlay = overlay === "target" ? weight : overlay === "view" ? expectedReturn : undefined;
  const value = isOverride ? ceiling : ofOverlay;
  return {
    overlay: overlay === undefined ? null : overlays[overlay],
    fromUs: from ?? null,
    untilUs: until ?? null,
    confidenceBps: confidence ?? null,
    ...(value === undefined ? {} : { value }),
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
  return whole(found, ", or off");
}

function whole(found: string, others: unknown = ""): number {
  const parsed = /^\d+$/.test(found) ? Number(found) : Number.NaN;
  if (Number.isSafeInteger(parsed)) return parsed;
  throw new InvalidArgumentError(`write a whole number${typeof others === "string" ? others : ""}`);
}

/** A fraction in basis points, exactly. */
function part(found: string): number {
  const bps = parseScaled(found, 4);
  if (bps !== null && Math.abs(bps) <= 1_000_000) return bps;
  throw new InvalidArgumentError("write a fraction in steps of 0.0001, such as -0.05");
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
enable           trade again, from whatever state: it names who gave it
set-limit        tighten a limit at once; to raise one, a second person sends the same within a day, and never beyond
                 what is configured or its line under risk.ceilings. Units end the name: 1500 of a …Bps are 15 %
set-overlay      --overlay restricted (no trade), restricted-buys (no purchase), blackout (no new risk), target (a weight
                 in place of the model's, at once) or view (so much of what is added against it is left out)
lift-overlay     ends those on a symbol, or the one kind that --overlay names
request-override, confirm-override
                 two different persons let one order of a symbol pass one check, up to a ceiling and a time

latch            stop the services of this machine by a file: it needs neither broker nor log, sends nothing,
                 and so cancels nothing; release takes it away, show-latch says whether it is there

Examples:
  $ tapedeck command kill --who ann --why "fills that nobody sent"
  $ tapedeck command enable --who ann --why "explained, see ticket 7"
  $ tapedeck command set-limit --limit maxLeverageBps --value 12000 --who ann --why "thin books"
  $ tapedeck command set-overlay --overlay blackout --symbol IBM --until 2026-11-23 --who ann --why results
  $ tapedeck command set-overlay --overlay restricted --symbol BAC --who bob --why "list of the day"
  $ tapedeck command set-overlay --overlay target --symbol KO --weight 0.05 --until 2026-12-01 --who ann --why view
  $ tapedeck command set-overlay --overlay view --symbol KO --expected-return -0.03 --confidence 0.6 \\
      --until 2026-12-01 --who ann --why "margins are falling"
  $ tapedeck command lift-overlay --symbol BAC --who bob --why "off the list"
  $ tapedeck command request-override --check PRICE_COLLAR --symbol IBM --ceiling 900 --until 2026-11-22 \\
      --who ann --why "news"
  $ tapedeck command confirm-override --check PRICE_COLLAR --symbol IBM --who bob --why "agreed"
  $ tapedeck command latch --app live-1 --who ann --why "the broker is down"`;
