// From what people write to what processors take: fractions to basis points, amounts to minor
// units, durations and times to microseconds. Promises: every conversion is exact; a value that has
// no exact counterpart is a finding, never rounded; rules that span several keys are held here.

import type { FlowConfig, PortfolioConfig } from "../../processors/flow-config.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { breakersOf, oneBreakers } from "./breakers.ts";
import { commandOf } from "./commands.ts";
import { currencyScale } from "./currency.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanCommand, HumanConfig, HumanLimit, OwnLimitName } from "./human-config.ts";
import { oneOrderRisk, orderRiskOf } from "./order-risk.ts";
import { oneOrders, ordersOf } from "./orders.ts";
import { rosterOf } from "./people.ts";
import { nowhere, type Problem, problem } from "./problem.ts";
import { KEYS, oneProposals, proposalsOf, stopsOf } from "./proposals.ts";
import { dottedKey, type Origins, type Plain } from "./read-yaml.ts";
import { oneResting, restingOf } from "./resting.ts";
import type { RunConfig, Settings } from "./run-config.ts";
import { oneSizing, sizingOf } from "./sizing.ts";
import { oneVenue, venueCosts } from "./venue.ts";
import { oneTerms, venueTerms } from "./venue-terms.ts";

/** All of a run's configuration but where its files lie. */
export interface Interpreted {
  readonly flow: Omit<FlowConfig, "model">;
  readonly run: Pick<RunConfig, "range" | "symbols" | "commands" | "seed" | "partitions">;
  /** One form for each value; tape and model as they were written. */
  readonly settings: Settings;
  /** Where there are any, the rest is not to be used. */
  readonly problems: readonly Problem[];
}

const BPS_DIGITS = 4;
const PPM_DIGITS = 6;

export function interpret(human: HumanConfig, origins: Origins): Interpreted {
  const read = new Reading(origins, human.portfolio.currency);
  const flow = flowOf(read, human);
  const range = {
    fromUs: human.range.from === null ? null : read.time("/range/from", human.range.from),
    toUs: human.range.to === null ? null : read.time("/range/to", human.range.to),
  };
  const timed = human.commands.map((command, index) => commandOf(read, human, command, index));
  holdRules(read, human, range, timed);
  // Array.sort is stable: commands of one time stay in the file's order.
  const order = timed.map((_, i) => i).sort((a, b) => at(timed, a) - at(timed, b));
  const symbols = human.symbols === null ? null : [...human.symbols].sort();
  const { seed, partitions } = human;
  const commands = order.map((i) => timed[i] as Timed);
  return {
    flow,
    run: { range, symbols, commands, seed, partitions },
    settings: {
      ...oneForm(human, flow),
      symbols,
      range: { from: isoOrNull(range.fromUs), to: isoOrNull(range.toUs) },
      commands: order.map((i) => {
        const { at: _, value, from, until, ...command } = human.commands[i] as HumanCommand;
        const set = value === undefined ? {} : { value: nullIfOff(value) };
        const { fromUs, untilUs } = (timed[i] as Timed).value;
        const times = {
          ...(fromUs === null ? {} : { from: formatIsoUs(fromUs) }),
          ...(untilUs === null ? {} : { until: formatIsoUs(untilUs) }),
        };
        return { ...command, ...set, ...times, at: formatIsoUs(at(timed, i)) };
      }),
    },
    problems: read.problems,
  };
}

function flowOf(read: Reading, human: HumanConfig): Interpreted["flow"] {
  const { portfolio, venue, orders } = human;
  const proposals = proposalsOf(read, human.risk);
  const stops = stopsOf(read, human.risk);
  const costs = venueCosts(read, venue, human.seed);
  return {
    source: human.source,
    bars: {
      intervalUs: read.duration("/bars/interval", human.bars.interval, 1),
      suspicious: human.bars.suspicious,
    },
    features: human.features,
    portfolio: {
      name: portfolio.name,
      currency: portfolio.currency,
      currencyScale: read.currencyScale,
      initialCashMinor: BigInt(read.amount("/portfolio/cash", portfolio.cash)),
      ...(portfolio.lots === "fifo" ? { lots: "FIFO" as const } : {}),
      ...(portfolio.rateMaxAge === undefined
        ? {}
        : { rateMaxAgeUs: read.duration("/portfolio/rateMaxAge", portfolio.rateMaxAge, 1) }),
      ...convertOf(read, portfolio),
      ...rosterOf(read, portfolio.people),
    },
    sizing: sizingOf(read, human.sizing),
    risk: {
      maxPosition: decimal(human.risk.maxPosition),
      maxGrossExposureMinor: read.limitAmount("maxGrossExposure", human.risk.maxGrossExposure),
      priceCollarBps: read.limitBps("priceCollar", human.risk.priceCollar),
      maxOrderValueMinor: read.limitAmount("maxOrderValue", human.risk.maxOrderValue),
      maxDrawdownBps: read.limitBps("maxDrawdown", human.risk.maxDrawdown),
      onBreach: human.risk.onBreach,
      ...stops,
      ...(proposals === null ? {} : { proposals }),
    },
    ...orderRiskOf(read, human.risk.orders, costs.margin),
    ...breakersOf(read, human.risk.breakers),
    orders: ordersOf(read, orders),
    venue: {
      fill: venue.fill,
      latencyUs: read.duration("/venue/latency", venue.latency, 1),
      slippageBps: read.fraction("/venue/slippage", venue.slippage, BPS_DIGITS),
      participationBps: isOff(venue.participation)
        ? null
        : read.fraction("/venue/participation", venue.participation, BPS_DIGITS),
      feePerMillion: read.fraction("/venue/fee", venue.fee, PPM_DIGITS),
      minimumFeeMinor: read.amount("/venue/minimumFee", venue.minimumFee),
      ...costs,
      ...restingOf(read, venue),
      ...venueTerms(read, venue, human.symbols),
    },
  };
}

/** The settings with their durations and limits in the one form that each value has. */
function oneForm(human: HumanConfig, flow: Interpreted["flow"]): Settings {
  const { bars, risk } = human;
  const { limitFill: _, queue: __, acknowledge: ___, ...venue } = human.venue;
  return {
    ...(human as unknown as Settings),
    bars: { ...bars, interval: formatDurationUs(flow.bars.intervalUs) },
    portfolio: onePortfolio(human.portfolio, flow.portfolio),
    sizing: oneSizing(human.sizing),
    risk: oneRisk(risk),
    orders: oneOrders(human.orders, flow.orders),
    venue: {
      ...oneVenue(venue),
      ...oneTerms(human.venue),
      ...oneResting(human.venue),
      latency: formatDurationUs(flow.venue.latencyUs),
      participation: nullIfOff(venue.participation),
    },
  };
}

/** The section as it always was where cost goes out at the average. */
function onePortfolio(
  { lots, rateMaxAge, convert = "none", ...rest }: HumanConfig["portfolio"],
  { rateMaxAgeUs, people }: PortfolioConfig,
): Settings {
  return {
    ...rest,
    ...(lots === "fifo" ? { lots } : {}),
    ...(rateMaxAgeUs === undefined ? {} : { rateMaxAge: formatDurationUs(rateMaxAgeUs) }),
    ...(convert === "none" ? {} : { convert }),
    ...(people === undefined ? {} : { people }),
  };
}

function oneRisk({ orders, breakers, ...limits }: HumanConfig["risk"]): Settings {
  return {
    ...Object.fromEntries(
      Object.entries(limits as unknown as Settings)
        .filter(([key]) => !KEYS.has(key))
        .map(([key, value]) => [key, nullIfOff(value)]),
    ),
    ...oneProposals(limits),
    ...(orders === undefined ? {} : { orders: oneOrderRisk(orders) }),
    ...oneBreakers(breakers),
  };
}

type Timed = RunConfig["commands"][number];

const at = (timed: readonly Timed[], index: number): number => (timed[index] as Timed).timeUs;
const isoOrNull = (timeUs: number | null): string | null =>
  timeUs === null ? null : formatIsoUs(timeUs);
const nullIfOff = <T extends Plain>(value: T | "off"): T | null => (value === "off" ? null : value);
const decimal = (value: HumanLimit): string | null => (isOff(value) ? null : String(value));
const isOff = (value: HumanLimit): value is "off" | null => value === "off" || value === null;

function convertOf(
  read: Reading,
  { convert = "none", rateMaxAge }: HumanConfig["portfolio"],
): Pick<FlowConfig["portfolio"], "convert"> {
  if (convert === "none") return {};
  if (rateMaxAge === undefined) {
    read.fail("/portfolio/convert", `${convert} needs portfolio.rateMaxAge beside it`);
  }
  return { convert: convert === "daily" ? "DAILY" : "ON_TRADE" };
}

/** Converts, and notes what cannot be: such a key reads as 0, or a time that is before no other. */
class Reading {
  readonly problems: Problem[] = [];
  readonly currencyScale: number;
  private readonly currency: string;
  private readonly origins: Origins;

  constructor(origins: Origins, currency: string) {
    this.origins = origins;
    this.currency = currency;
    this.currencyScale = currencyScale(currency);
  }

  fail(pointer: string, message: string): 0 {
    const origin = this.origins.get(pointer)?.value ?? nowhere;
    this.problems.push(problem("CONFIG_INVALID", origin, dottedKey(pointer), message));
    return 0;
  }

  /** Whole steps of 10^-digits. A number of 15 digits at most prints as it was written. */
  fraction(pointer: string, value: number, digits: number): number {
    const step = `0.${"1".padStart(digits, "0")}`;
    const steps = parseScaled(String(value), digits);
    return steps ?? this.fail(pointer, `found ${value}; must be in steps of ${step}`);
  }

  /** Minor units of the portfolio's currency. */
  amount(pointer: string, value: number): number {
    const { currency, currencyScale: scale } = this;
    const rule = `${currency} has ${scale} decimal${scale === 1 ? "" : "s"}`;
    return parseScaled(String(value), scale) ?? this.fail(pointer, `found ${value}; ${rule}`);
  }

  limitAmount(name: OwnLimitName, value: HumanLimit, pointer = `/risk/${name}`): number | null {
    return isOff(value) ? null : this.amount(pointer, value);
  }

  limitBps(name: OwnLimitName, value: HumanLimit, pointer = `/risk/${name}`): number | null {
    return isOff(value) ? null : this.fraction(pointer, value, BPS_DIGITS);
  }

  duration(pointer: string, text: string, leastUs: number): number {
    const us = parseDurationUs(text);
    if (us === null) {
      return this.fail(pointer, `found "${text}"; must be whole microseconds, at most 100 years`);
    }
    return us < leastUs ? this.fail(pointer, `found "${text}"; must be above 0`) : us;
  }

  time(pointer: string, text: string): number {
    const us = parseIsoUs(text);
    if (us !== null && us >= 0) return us;
    const rule = us === null ? "there is no such time" : "times begin with 1970";
    this.fail(pointer, `found "${text}"; ${rule}`);
    return Number.NaN;
  }
}

/** Rules that one key alone cannot break. */
function holdRules(
  read: Reading,
  human: HumanConfig,
  { fromUs, toUs }: RunConfig["range"],
  commands: readonly Timed[],
): void {
  const { emaFast, emaSlow } = human.features;
  if (human.model === "ema-cross" && emaFast >= emaSlow) {
    const rule = `must be below features.emaSlow (${emaSlow}) for the model ema-cross`;
    read.fail("/features/emaFast", `found ${emaFast}; ${rule}`);
  }
  if (fromUs !== null && toUs !== null && fromUs >= toUs) {
    read.fail(
      "/range/from",
      `found ${human.range.from}; must be before range.to (${human.range.to})`,
    );
  }
  const { convert = "none" } = human.portfolio;
  if (human.sizing.method === "optimised" && convert !== "none") {
    read.fail("/portfolio/convert", `${convert} does not go with sizing.method optimised`);
  }
  const { fill } = human.venue;
  if ((fill === "next-tick" || fill === "quote") && human.source === "bars") {
    read.fail("/venue/fill", `${fill} needs source: ticks; use bar-close or next-open with bars`);
  }
  for (const [index, { timeUs }] of commands.entries()) {
    if (toUs !== null && timeUs >= toUs) {
      const rule = `must be before range.to (${human.range.to}), or it never takes effect`;
      read.fail(`/commands/${index}/at`, `found ${human.commands[index]?.at}; ${rule}`);
    }
  }
}
