// What the optimiser expects of returns, beside the scenarios: signals, forecasts and persons' views. Promises: a forecast
// counts until its horizon is over and a view while it is on; figures are of a bar, or of as many as a scenario spans; what
// nobody speaks of is not made up.

import type { NamedView } from "../../quant/optimiser/viewed-returns.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { Forecast } from "../../schemas/generated/forecasts.ts";
import { commandProblem } from "../command-check.ts";
import {
  horizonOf,
  type OptimiserConfig,
  priorOf,
  type ReturnSource,
} from "../optimiser-config.ts";
import { isAllowed, type Roster } from "../people.ts";
import type { AskedProblem } from "../pool-work.ts";

const BPS = 10_000;
/** What a certified forecast may still count for where its certifier says to take less risk. */
const DERISKED = 0.5;

/** By symbol. */
export interface Outlook {
  readonly forecasts: Map<string, KnownForecast>;
  readonly views: Map<string, PersonsView>;
}

interface KnownForecast {
  /** Of a bar. */
  readonly mean: number;
  /** 1 for PASS, less where it may count for less, 0 where for nothing. */
  readonly part: number;
  readonly coverage: number;
  readonly untilUs: number;
}

interface PersonsView {
  /** Over the whole time of a view. */
  readonly value: number;
  readonly confidence: number;
  readonly fromUs: number | null;
  readonly untilUs: number;
}

export const noOutlook = (): Outlook => ({ forecasts: new Map(), views: new Map() });

/** Whose horizon is no time, or whose figures are none, says nothing; nor does what it replaces. */
export function takeForecast(
  { forecasts }: Outlook,
  { symbol, horizonUs, mean, coverage, verdict }: Forecast,
  timeUs: number,
  barUs: number,
): void {
  const isKnown = horizonUs > 0 && Number.isFinite(mean) && coverage >= 0 && coverage <= 1;
  if (!isKnown) {
    forecasts.delete(symbol);
    return;
  }
  const part = verdict === "PASS" ? 1 : verdict === "DERISK" ? DERISKED : 0;
  const ofBar = mean * (barUs / horizonUs);
  forecasts.set(symbol, { mean: ofBar, part, coverage, untilUs: timeUs + horizonUs });
}

/** A VIEW stands until it ends, is lifted, or another takes its place; as the risk gate takes them. */
export function takeCommand(
  { views }: Outlook,
  command: ControlCommand,
  timeUs: number,
  people: Roster,
): void {
  const { overlay, symbol, value, fromUs, untilUs, confidenceBps } = command;
  if (commandProblem(command) !== null || !isAllowed(command, people)) return;
  if (command.command === "LiftOverlay" && (overlay === null || overlay === "VIEW")) {
    views.delete(symbol);
  }
  if (command.command !== "SetOverlay" || overlay !== "VIEW") return;
  if (value === null || untilUs === null || confidenceBps === null) return;
  if (untilUs <= Math.max(fromUs ?? timeUs, timeUs)) return;
  views.set(symbol, { value: value / BPS, confidence: confidenceBps / BPS, fromUs, untilUs });
}

/** `strengthOf`: the last signal of a symbol; 0 before the first. */
export function expectedOf(
  outlook: Outlook,
  config: OptimiserConfig,
  assets: readonly string[],
  current: readonly number[],
  strengthOf: (symbol: string) => number,
  timeUs: number,
): Pick<AskedProblem, "expectedReturns" | "beliefs"> {
  const { expected } = config;
  if (expected === undefined) return {};
  const { from, equilibrium } = expected;
  const bars = horizonOf(config.scenarios);
  const told = (symbol: string): Told => {
    const ofBar = toldOf(outlook, from, symbol, strengthOf(symbol), timeUs);
    return { ...ofBar, value: bars * ofBar.value };
  };
  const prior = priorOf(config, assets, current);
  if (prior === undefined || equilibrium === undefined) {
    return {
      expectedReturns: assets.map((symbol) => {
        const { value, part } = told(symbol);
        return value * part;
      }),
    };
  }
  const views = assets.flatMap((symbol): NamedView[] => {
    const of = { [symbol]: 1 };
    const own = outlook.views.get(symbol);
    // A person's view takes the place of the model's.
    if (own !== undefined && isOn(own, timeUs)) {
      const value = own.value * (bars / equilibrium.viewBars);
      return [{ of, value, confidence: own.confidence }];
    }
    const { value, confidence } = told(symbol);
    return confidence > 0 ? [{ of, value, confidence }] : [];
  });
  return { beliefs: { ...prior, views } };
}

const isOn = ({ fromUs, untilUs }: PersonsView, timeUs: number): boolean =>
  (fromUs === null || fromUs <= timeUs) && timeUs < untilUs;

/** What the source says of a bar: `part` of it counts as it is, and as a view it has this confidence. */
interface Told {
  readonly value: number;
  readonly part: number;
  readonly confidence: number;
}

const NOTHING: Told = { value: 0, part: 0, confidence: 0 };

function toldOf(
  { forecasts }: Outlook,
  from: ReturnSource,
  symbol: string,
  strength: number,
  timeUs: number,
): Told {
  if (from.kind === "VIEWS") return NOTHING;
  if (from.kind === "SIGNALS") {
    const value = from.atOne * strength;
    return strength === 0 ? NOTHING : { value, part: 1, confidence: from.confidence };
  }
  const known = forecasts.get(symbol);
  if (known === undefined || timeUs >= known.untilUs) return NOTHING;
  const { mean, part, coverage } = known;
  return { value: mean, part, confidence: part * coverage };
}

/** To another symbol, or away where that is null. */
export function moveOutlook({ forecasts, views }: Outlook, from: string, to: string | null): void {
  move(forecasts, from, to);
  move(views, from, to);
}

function move<T>(map: Map<string, T>, from: string, to: string | null): void {
  const value = map.get(from);
  if (value === undefined) return;
  map.delete(from);
  if (to !== null && !map.has(to)) map.set(to, value);
}
