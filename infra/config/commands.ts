// The section commands: what operators order in a run, in machine units. Promises: what interpret.ts promises; a command
// that the flow would refuse for what it says by itself is a finding.

import { commandProblem } from "../../processors/command-check.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import type { HumanCommand, HumanConfig } from "./human-config.ts";
import { type LimitReader, limitFields, limitValue } from "./limit-fields.ts";
import type { RunConfig } from "./run-config.ts";

const BPS_DIGITS = 4;

export interface CommandReader extends LimitReader {
  time(pointer: string, text: string): number;
}

type Timed = RunConfig["commands"][number];

export function commandOf(
  read: CommandReader,
  human: HumanConfig,
  command: HumanCommand,
  index: number,
): Timed {
  const { limit, value = null } = command;
  const place = `/commands/${index}`;
  holdOverride(read, command, index);
  const told: ControlCommand = {
    portfolio: human.portfolio.name,
    command: command.command,
    who: command.who,
    why: command.why,
    limit: limit === undefined ? (command.check ?? null) : limitFields[limit][0],
    value:
      limit === undefined
        ? signedBps(read, command, index)
        : limitValue(read, limit, value, `${place}/value`),
    symbol: command.symbol ?? "",
    ...overlayOf(read, command, index),
  };
  const isWhole = command.command !== "SetOverlay" || told.overlay !== null;
  const problem = isWhole ? commandProblem(told) : null;
  const isAsked = told.untilUs === null || told.fromUs === null || told.untilUs > told.fromUs;
  if (problem !== null && isAsked && !command.command.endsWith("Override")) {
    read.fail(place, `the flow would refuse it: ${problem}`);
  }
  return { timeUs: read.time(`${place}/at`, command.at), value: told };
}

const kinds = {
  "restricted-buys": "RESTRICTED_BUYS",
  restricted: "RESTRICTED",
  blackout: "BLACKOUT",
  target: "TARGET",
  view: "VIEW",
} as const;

/** The fields of SetOverlay and LiftOverlay; of no other command. */
function overlayOf(
  read: CommandReader,
  { command, at: given, overlay, from, until, ...rest }: HumanCommand,
  index: number,
): Pick<ControlCommand, "overlay" | "fromUs" | "untilUs" | "confidenceBps"> {
  const place = `/commands/${index}`;
  const isSet = command === "SetOverlay";
  const owners = { weight: "target", expectedReturn: "view", confidence: "view" } as const;
  for (const [key, owner] of Object.entries(owners)) {
    if (rest[key as keyof typeof owners] === undefined || overlay === owner) continue;
    read.fail(`${place}/${key}`, `goes with overlay ${owner} alone: leave it out`);
  }
  const { confidence } = rest;
  const extra = Object.entries({ overlay, from, until }).filter(([key, value]) => {
    const allowed =
      isSet ||
      (command === "LiftOverlay" && key === "overlay") ||
      (command.endsWith("Override") && key === "until");
    return value !== undefined && !allowed;
  });
  for (const [key] of extra) {
    read.fail(`${place}/${key}`, `does not go with command ${command}: leave it out`);
  }
  if (isSet && overlay === undefined) {
    read.fail(
      place,
      `overlay is missing: SetOverlay needs one of ${Object.keys(kinds).join(", ")}`,
    );
  }
  const fromUs = from === undefined ? null : read.time(`${place}/from`, from);
  const untilUs = until === undefined ? null : read.time(`${place}/until`, until);
  const beginsUs = Math.max(fromUs ?? 0, parseIsoUs(given) ?? 0);
  if (untilUs !== null && untilUs <= beginsUs) {
    const what = isSet ? "the overlay begins" : "the command";
    read.fail(`${place}/until`, `found ${until}; must be after ${what}`);
  }
  return {
    overlay: overlay === undefined ? null : kinds[overlay],
    fromUs,
    untilUs,
    confidenceBps:
      confidence === undefined
        ? null
        : read.fraction(`${place}/confidence`, confidence, BPS_DIGITS),
  };
}

/** The weight of a target, the return of a view, the ceiling of an override. */
function signedBps(
  read: CommandReader,
  { overlay, symbol, weight, expectedReturn, ceiling }: HumanCommand,
  index: number,
): number | null {
  if (overlay !== "target" && overlay !== "view") return ceiling ?? null;
  const place = `/commands/${index}`;
  const [key, value] =
    overlay === "target" ? ["weight", weight] : ["expectedReturn", expectedReturn];
  if (symbol === undefined || value === undefined) {
    return read.fail(place, `a ${overlay} needs its symbol and its ${key}`);
  }
  const bps = read.fraction(`${place}/${key}`, Math.abs(value), BPS_DIGITS);
  return value < 0 ? -bps : bps;
}

/** What is overridden belongs to an override alone, and it names it whole. */
function holdOverride(read: CommandReader, command: HumanCommand, index: number): void {
  const isOverride = command.command.endsWith("Override");
  const isOverlay = command.command.endsWith("Overlay");
  for (const key of ["check", "symbol"] as const) {
    if (isOverride === (command[key] !== undefined) || (isOverlay && key === "symbol")) continue;
    const rule = isOverride
      ? `missing: ${command.command} needs check and symbol`
      : `does not go with command ${command.command}: leave it out`;
    read.fail(`/commands/${index}/${key}`, rule);
  }
  const { ceiling, until } = command;
  if (command.command === "RequestOverride" && (ceiling === undefined || until === undefined)) {
    const key = ceiling === undefined ? "ceiling" : "until";
    const why = "how much of what the check measures, and before when, one order may pass";
    read.fail(`/commands/${index}/${key}`, `missing: RequestOverride says ${why}`);
  }
  if (!isOverride && ceiling !== undefined) {
    const rule = `does not go with command ${command.command}: leave it out`;
    read.fail(`/commands/${index}/ceiling`, rule);
  }
}
