import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import type { RiskCheck, RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, proposal, split, type TargetLine } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type {
  BreachResponse,
  PortfolioConfig,
  ProposalLimitName,
  ProposalLimits,
  RiskConfig,
} from "../flow-config.ts";
import { noProposalLimits } from "./limits.ts";
import { riskGate } from "./risk-gate.ts";
import { proposalNames } from "./testing/proposal-names.ts";

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
const off: RiskConfig = {
  maxPosition: null,
  maxGrossExposureMinor: null,
  priceCollarBps: null,
  maxOrderValueMinor: null,
  maxDrawdownBps: null,
  onBreach: "deny",
};
type Input =
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "market.corporate-actions"
  | "control.commands";
type Event = EventOf<Input>;

const DAY_US = 86_400_000_000;
/** 2013-10-07, a Monday. */
const MONDAY_US = 15_985 * DAY_US;

const marked = (
  timeUs: number,
  symbol: string,
  quantity: number,
  equityMinor: bigint,
  drawdownBps = 0,
) =>
  at(timeUs, "portfolio.snapshots", {
    portfolio: "main",
    currency: "USD",
    cause: "MARK",
    cash: 0n,
    equity: equityMinor,
    peakEquity: equityMinor,
    grossExposure: 0n,
    netExposure: 0n,
    realisedPnl: 0n,
    fees: 0n,
    drawdownBps,
    symbol,
    quantity,
    cost: 0n,
    mark: 0,
  });
const told = (timeUs: number, ...parameters: Parameters<typeof command>) =>
  at(timeUs, "control.commands", command(...parameters));
const proposed = (timeUs: number, ...lines: readonly TargetLine[]) =>
  at(timeUs, "weights.proposals", proposal(...lines));
const listed = (...symbols: readonly string[]) =>
  symbols.map((symbol) => at(0, "market.instruments", equity(symbol)));
const closed = (timeUs: number, symbol: string, close: number, volume = 1000) =>
  at(timeUs, "market.bars", bar(symbol, timeUs, close, { volume }));

const seen = new Set<string>();

function verdicts(
  limits: Partial<ProposalLimits>,
  events: readonly Event[],
  config: Partial<RiskConfig> = {},
): RiskVerdict[] {
  return note(
    given(gateWith(limits, config))
      .when(...events)
      .map(({ value }) => value),
  );
}
const gateWith = (limits: Partial<ProposalLimits>, config: Partial<RiskConfig>) =>
  riskGate({ ...off, ...config, proposals: { ...noProposalLimits, ...limits } }, portfolio);

function note(found: readonly RiskVerdict[]): RiskVerdict[] {
  for (const { outcome, reason, checks } of found) {
    seen.add(outcome).add(reason);
    for (const { check, unit } of checks) seen.add(check).add(unit);
  }
  return [...found];
}

/** The last verdict, without the harness that holds every event to the contract: for many books. */
function judged(
  limits: Partial<ProposalLimits>,
  events: readonly Event[],
  config: Partial<RiskConfig> = {},
): RiskVerdict {
  const gate = gateWith(limits, config);
  const state = events.reduce((folded, event) => gate.evolve(folded, event), gate.initial());
  const found = gate.decide(state, events.at(-1) as Event).map(({ value }) => value);
  return note(found).at(-1) as RiskVerdict;
}
const verdict = (...parameters: Parameters<typeof verdicts>): RiskVerdict =>
  verdicts(...parameters).at(-1) as RiskVerdict;
const checkOf = ({ checks }: RiskVerdict, name: RiskCheck["check"]): RiskCheck =>
  checks.find(({ check }) => check === name) as RiskCheck;
const quantities = ({ targets }: RiskVerdict) =>
  Object.fromEntries(targets.map(({ symbol, quantity }) => [symbol, quantity]));

// --- Generated books, and what is measured of them by plain code of our own.

const ROWS = 10;
const VOLUME_DAYS = 4;
const NAMES = ["A", "B", "C", "D"];
const EQUITY = 1_000_000_00;
const NOW_US = MONDAY_US + 20 * DAY_US;

/** A market of daily bars, positions before, and a proposal: D is held and left alone. */
interface Drawn {
  readonly closes: ReadonlyMap<string, readonly number[]>;
  readonly volumes: ReadonlyMap<string, readonly number[]>;
  readonly held: ReadonlyMap<string, number>;
  readonly lines: readonly TargetLine[];
  readonly events: readonly Event[];
}

function draw(seed: number, reducing = false): Drawn {
  const random = new Random(seed);
  const closes = new Map<string, number[]>();
  const volumes = new Map<string, number[]>();
  for (const name of [...NAMES, "S"]) {
    const prices = [5_000 + random.integer(10_000)];
    while (prices.length <= ROWS) {
      const last = prices.at(-1) as number;
      prices.push(Math.max(1, Math.round(last * (1 + 0.04 * random.normal()))));
    }
    closes.set(name, prices);
    volumes.set(
      name,
      prices.map(() => 100 + random.integer(5_000)),
    );
  }
  const size = () => (random.integer(2) === 0 ? -1 : 1) * random.integer(3_000);
  const held = new Map(NAMES.map((name) => [name, random.integer(3) === 0 ? 0 : size()]));
  const traded = NAMES.slice(0, 3).filter(() => reducing || random.integer(4) > 0);
  const targetOf = (name: string): number => {
    const position = held.get(name) as number;
    if (reducing) return Math.sign(position) * random.integer(Math.abs(position) + 1);
    return random.integer(3) === 0 ? position + size() : size();
  };
  const lines = (traded.length === 0 ? ["A"] : traded).map((name): TargetLine => {
    return [name, targetOf(name), (closes.get(name) as number[]).at(-1) as number];
  });
  const events: Event[] = [...listed(...NAMES, "S")];
  for (let row = 0; row <= ROWS; row++) {
    const timeUs = NOW_US - (ROWS - row) * DAY_US;
    for (const [name, prices] of closes) {
      events.push(closed(timeUs, name, prices[row] as number, volumes.get(name)?.[row] as number));
    }
  }
  for (const [name, quantity] of held) {
    events.push(marked(NOW_US, name, quantity, BigInt(EQUITY)));
  }
  return { closes, volumes, held, lines, events: [...events, proposed(NOW_US, ...lines)] };
}

/** The book after the proposal. */
function after({ held, lines }: Drawn): Map<string, number> {
  return new Map([...held, ...lines.map(([name, quantity]) => [name, quantity] as const)]);
}
const closeOf = ({ closes }: Drawn, name: string): number => closes.get(name)?.at(-1) as number;
/** In cents, which are minor units. */
function values(drawn: Drawn): Map<string, number> {
  return new Map([...after(drawn)].map(([name, q]) => [name, q * closeOf(drawn, name)]));
}
const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
const up = (part: number): number => Math.max(0, Math.ceil(part * 10_000 - 1e-6));
const sizes = (drawn: Drawn): number[] => [...values(drawn).values()].map(Math.abs);
const returnsOf = ({ closes }: Drawn, name: string): number[] => {
  const prices = closes.get(name) as readonly number[];
  return prices.slice(1).map((price, i) => price / (prices[i] as number) - 1);
};
function bookReturns(drawn: Drawn): number[] {
  return Array.from({ length: ROWS }, (_, row) =>
    total(
      [...values(drawn)].map(
        ([name, value]) => (value / EQUITY) * (returnsOf(drawn, name)[row] as number),
      ),
    ),
  );
}
function covariance(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [total(a) / a.length, total(b) / b.length];
  return total(a.map((one, i) => (one - meanA) * ((b[i] as number) - meanB))) / a.length;
}
const bpsOf = (part: number): number => {
  const exact = (BigInt(part) * 10_000n + BigInt(EQUITY) - 1n) / BigInt(EQUITY);
  return Number(exact);
};
const inSector: Readonly<Record<string, string>> = { A: "tech", B: "tech", C: "oil" };
function largestSector(drawn: Drawn): number {
  const sums = new Map<string, number>();
  for (const [name, value] of values(drawn)) {
    const sector = inSector[name] ?? "none";
    sums.set(sector, (sums.get(sector) ?? 0) + Math.abs(value));
  }
  // Only the sectors that the proposal trades in are looked at.
  const traded = new Set(drawn.lines.map(([name]) => inSector[name] ?? "none"));
  return Math.max(...[...sums].map(([sector, sum]) => (traded.has(sector) ? sum : 0)));
}
const TAIL = 0.25;

interface Case {
  readonly setting: ProposalLimitName;
  readonly check: RiskCheck["check"];
  readonly limits: (limit: number) => Partial<ProposalLimits>;
  readonly oracle: (drawn: Drawn) => number;
}

const tailed = { returnsWindow: ROWS, tailBps: TAIL * 10_000 };
const cases: readonly Case[] = [
  {
    setting: "maxSector",
    check: "MAX_SECTOR",
    limits: (maxSectorBps) => ({ maxSectorBps, sectors: inSector }),
    oracle: (drawn) => bpsOf(largestSector(drawn)),
  },
  {
    setting: "maxNetExposure",
    check: "MAX_NET_EXPOSURE",
    limits: (maxNetExposureMinor) => ({ maxNetExposureMinor }),
    oracle: (drawn) => Math.abs(total([...values(drawn).values()])),
  },
  {
    setting: "maxLeverage",
    check: "MAX_LEVERAGE",
    limits: (maxLeverageBps) => ({ maxLeverageBps }),
    oracle: (drawn) => bpsOf(total(sizes(drawn))),
  },
  {
    setting: "maxWeight",
    check: "MAX_WEIGHT",
    limits: (maxWeightBps) => ({ maxWeightBps }),
    oracle: (drawn) => bpsOf(Math.max(...sizes(drawn))),
  },
  {
    setting: "maxHerfindahl",
    check: "MAX_HERFINDAHL",
    limits: (maxHerfindahlBps) => ({ maxHerfindahlBps }),
    oracle: (drawn) => {
      const squares = sizes(drawn).reduce((sum, one) => sum + BigInt(one) ** 2n, 0n);
      const whole = BigInt(EQUITY) ** 2n;
      return Number((squares * 10_000n + whole - 1n) / whole);
    },
  },
  {
    setting: "maxBeta",
    check: "MAX_BETA",
    limits: (maxBetaBps) => ({ maxBetaBps, benchmark: "S", ...tailed }),
    oracle: (drawn) => {
      const market = returnsOf(drawn, "S");
      return up(Math.abs(covariance(bookReturns(drawn), market) / covariance(market, market)));
    },
  },
  {
    setting: "maxValueAtRisk",
    check: "VALUE_AT_RISK",
    limits: (maxValueAtRiskBps) => ({ maxValueAtRiskBps, ...tailed }),
    oracle: (drawn) => {
      const sorted = bookReturns(drawn).sort((a, b) => a - b);
      const place = TAIL * (ROWS - 1);
      const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
      return up(-(low + (high - low) * (place % 1)));
    },
  },
  {
    setting: "maxExpectedShortfall",
    check: "EXPECTED_SHORTFALL",
    limits: (maxExpectedShortfallBps) => ({ maxExpectedShortfallBps, ...tailed }),
    oracle: (drawn) => {
      const worst = bookReturns(drawn)
        .sort((a, b) => a - b)
        .slice(0, Math.floor(TAIL * (ROWS - 1)) + 1);
      return up(-total(worst) / worst.length);
    },
  },
  {
    setting: "maxCorrelation",
    check: "MAX_CORRELATION",
    limits: (maxCorrelationBps) => ({ maxCorrelationBps, ...tailed }),
    oracle: (drawn) => {
      const book = [...after(drawn)].filter(([, quantity]) => quantity !== 0);
      const pairs = book.flatMap(([a, p], i) =>
        book.slice(i + 1).map(([b, q]) => {
          const [x, y] = [returnsOf(drawn, a), returnsOf(drawn, b)];
          const both = covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y));
          return Math.sign(p * q) * both;
        }),
      );
      return up(Math.max(0, ...pairs));
    },
  },
  {
    setting: "maxDaysToExit",
    check: "DAYS_TO_EXIT",
    limits: (maxDaysToExitHundredths) => ({
      maxDaysToExitHundredths,
      volumeShareBps: 2_000,
      volumeDays: VOLUME_DAYS,
    }),
    oracle: (drawn) =>
      Math.max(
        ...[...after(drawn)].map(([name, quantity]) => {
          // The day that is now ends with its bar, and is not complete before the next begins.
          const complete = drawn.volumes.get(name)?.slice(0, -1).slice(-VOLUME_DAYS) as number[];
          const daily = total(complete) / VOLUME_DAYS;
          return Math.ceil((Math.abs(quantity) / (daily * 0.2)) * 100 - 1e-9);
        }),
      ),
  },
  {
    setting: "capitalStages",
    check: "CAPITAL_GATE",
    limits: (capitalMinor) => ({ capitalStages: [{ days: 0, sharpe: null, capitalMinor }] }),
    oracle: (drawn) => total(sizes(drawn)),
  },
];

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const measuredOf = (found: RiskVerdict, check: RiskCheck["check"]): number =>
  Math.max(...found.checks.filter((one) => one.check === check).map((one) => one.measured));
const adds = ({ lines, held }: Drawn): boolean =>
  lines.some(([name, quantity]) => {
    const position = held.get(name) as number;
    return quantity * position < 0 || Math.abs(quantity) > Math.abs(position);
  });
const HUGE = 1_000_000_000_000;

describe("limits of the book, on generated proposals", () => {
  test.each(cases)("$check: measured as by hand; -1 and 0 pass, +1 does not", (one) => {
    let refused = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const drawn = draw(seed);
        const expected = one.oracle(drawn);
        const open = judged(one.limits(HUGE), drawn.events);
        expect(measuredOf(open, one.check)).toBe(expected);
        if (!adds(drawn) || expected === 0) return;
        refused++;
        for (const step of [-1, 0, 1]) {
          const found = judged(one.limits(expected - step), drawn.events);
          expect([step, found.outcome, found.reason !== "NONE"]).toEqual([
            step,
            step <= 0 ? "PASS" : "DENY",
            step > 0,
          ]);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(refused).toBeGreaterThan(20);
  });

  const responses: readonly BreachResponse[] = ["reduce", "scale"];
  const mended = cases.flatMap((one) => responses.map((response) => ({ ...one, response })));

  test.each(mended)("$check, $response: what is left passes when judged again", (one) => {
    let left = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 99 }), (seed, percent) => {
        const drawn = draw(seed);
        const limit = Math.floor((one.oracle(drawn) * percent) / 100);
        const limits = { ...one.limits(limit), responses: { [one.setting]: one.response } };
        const found = judged(limits, drawn.events);
        hold(found, drawn);
        if (!adds(drawn)) expect(found.outcome).toBe("PASS");
        if (found.targets.length === 0) return;
        const again = judged(limits, [
          ...drawn.events.slice(0, -1),
          at(NOW_US, "weights.proposals", { ...proposal(), targets: found.targets }),
        ]);
        expect([again.outcome, again.targets]).toEqual(["PASS", found.targets]);
        if (found.outcome !== "PASS") left++;
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(left).toBeGreaterThan(5);
  });

  test("all checks at once, each with its own response: the same", () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.integer({ min: 30, max: 120 }), {
          minLength: cases.length,
          maxLength: cases.length,
        }),
        fc.array(fc.constantFrom(...responses), {
          minLength: cases.length,
          maxLength: cases.length,
        }),
        (seed, percents, chosen) => {
          const drawn = draw(seed);
          const all = cases.map((one, i) =>
            one.limits(Math.floor((one.oracle(drawn) * (percents[i] as number)) / 100)),
          );
          const limits: Partial<ProposalLimits> = {
            ...Object.assign({}, ...all),
            responses: Object.fromEntries(cases.map(({ setting }, i) => [setting, chosen[i]])),
          };
          const config = { maxGrossExposureMinor: 300_000_00, onBreach: "scale" } as const;
          const found = judged(limits, drawn.events, config);
          outcomes.add(found.outcome);
          hold(found, drawn);
          if (found.targets.length === 0) return;
          const again = judged(
            limits,
            [
              ...drawn.events.slice(0, -1),
              at(NOW_US, "weights.proposals", { ...proposal(), targets: found.targets }),
            ],
            config,
          );
          expect([again.outcome, again.targets]).toEqual(["PASS", found.targets]);
        },
      ),
      { numRuns: 300, seed: 11 },
    );
    expect(outcomes).toEqual(new Set(["PASS", "SCALE", "REDUCE", "DENY"]));
  });

  test("what only reduces positions passes, whatever the limits", () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom("deny", "reduce", "scale"), (seed, onBreach) => {
        const drawn = draw(seed, true);
        const limits: Partial<ProposalLimits> = Object.assign(
          { maxDailyLossBps: 1, maxWeeklyLossBps: 1, maxTradesADay: 1 },
          ...cases.map((one) => one.limits(0)),
        );
        const found = judged(limits, drawn.events, {
          maxGrossExposureMinor: 1,
          onBreach: onBreach as BreachResponse,
        });
        expect(found.outcome).toBe("PASS");
        expect(found.targets.map(({ symbol, quantity }) => [symbol, quantity])).toEqual(
          drawn.lines.map(([name, quantity]) => [name, quantity]),
        );
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

/** What every verdict promises. */
function hold(found: RiskVerdict, { lines, held }: Drawn): void {
  if (found.outcome === "PASS") {
    expect(found.checks.every(({ passed }) => passed)).toBe(true);
    expect(found.targets).toHaveLength(lines.length);
  }
  if (found.outcome === "SCALE") expect(found.scalePpm).toBeLessThan(1_000_000);
  else if (found.outcome !== "DENY") expect(found.scalePpm).toBe(1_000_000);
  const wanted = new Map(lines.map(([name, quantity]) => [name, quantity]));
  for (const { symbol, quantity, weight } of found.targets) {
    const asked = wanted.get(symbol) as number;
    const position = held.get(symbol) as number;
    expect(Math.abs(quantity)).toBeLessThanOrEqual(Math.abs(asked));
    expect(quantity * asked).toBeGreaterThanOrEqual(0);
    expect(Math.abs(weight)).toBeLessThanOrEqual(0.5);
    expect(quantity).toBeGreaterThanOrEqual(Math.min(asked, position));
    expect(quantity).toBeLessThanOrEqual(Math.max(asked, position));
  }
}
