import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import type { RiskCheck, RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import { eventsOfCheck } from "../../schemas/values/risk-evidence.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, proposal, split, type TargetLine } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type {
  BreachResponse,
  ProposalLimitName,
  ProposalLimits,
  RiskConfig,
} from "../risk-config.ts";
import { noProposalLimits } from "./limits.ts";
import { riskGate } from "./risk-gate.ts";
import { marked, off, portfolio } from "./testing/gate-settings.ts";
import { proposalNames } from "./testing/proposal-names.ts";

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
  /** The book without the proposal, where that is what is measured. */
  readonly after?: ReadonlyMap<string, number>;
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
function bookAfter({ held, lines, after }: Drawn): Map<string, number> {
  if (after !== undefined) return new Map(after);
  return new Map([...held, ...lines.map(([name, quantity]) => [name, quantity] as const)]);
}
const untraded = (drawn: Drawn): Drawn => ({ ...drawn, after: drawn.held });
/** Names that the proposal adds to; all where it adds to none. */
function addedNames({ held, lines }: Drawn): Set<string> {
  const grown = lines.filter(([name, quantity]) => {
    const position = held.get(name) as number;
    return quantity * position < 0 || Math.abs(quantity) > Math.abs(position);
  });
  return new Set(grown.length === 0 ? NAMES : grown.map(([name]) => name));
}
const closeOf = ({ closes }: Drawn, name: string): number => closes.get(name)?.at(-1) as number;
/** In cents, which are minor units. */
function values(drawn: Drawn): Map<string, number> {
  return new Map([...bookAfter(drawn)].map(([name, q]) => [name, q * closeOf(drawn, name)]));
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
function sectorSums(drawn: Drawn): number[] {
  const sums = new Map<string, number>();
  for (const [name, value] of values(drawn)) {
    const sector = inSector[name] ?? "none";
    sums.set(sector, (sums.get(sector) ?? 0) + Math.abs(value));
  }
  // Only the sectors that the proposal trades in are looked at.
  const traded = new Set(drawn.lines.map(([name]) => inSector[name] ?? "none"));
  return [...traded].map((sector) => sums.get(sector) ?? 0);
}
const TAIL = 0.25;

interface Case {
  readonly setting: ProposalLimitName;
  readonly check: RiskCheck["check"];
  readonly limits: (limit: number) => Partial<ProposalLimits>;
  readonly oracle: (drawn: Drawn) => number;
  /** Of each name that is added to, not of the book. */
  readonly ofNames?: true;
  /** The figure with its sign, where a book has a side. */
  readonly signed?: (drawn: Drawn) => number;
  /** The greatest of several figures: whether none that is as great has become worse. */
  readonly noWorse?: (drawn: Drawn) => boolean;
}

const tailed = { returnsWindow: ROWS, tailBps: TAIL * 10_000 };
const cases: readonly Case[] = [
  {
    setting: "maxSector",
    check: "MAX_SECTOR",
    limits: (maxSectorBps) => ({ maxSectorBps, sectors: inSector }),
    oracle: (drawn) => bpsOf(Math.max(...sectorSums(drawn))),
    noWorse: (drawn) => {
      const was = sectorSums(untraded(drawn)).map(bpsOf);
      const is = sectorSums(drawn).map(bpsOf);
      return is.every((sum, i) => sum < Math.max(...is) || (was[i] as number) >= sum);
    },
  },
  {
    setting: "maxNetExposure",
    check: "MAX_NET_EXPOSURE",
    limits: (maxNetExposureMinor) => ({ maxNetExposureMinor }),
    oracle: (drawn) => Math.abs(total([...values(drawn).values()])),
    signed: (drawn) => total([...values(drawn).values()]),
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
    oracle: (drawn) => {
      const names = addedNames(drawn);
      const found = [...values(drawn)].filter(([name]) => names.has(name));
      return bpsOf(Math.max(...found.map(([, value]) => Math.abs(value))));
    },
    ofNames: true,
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
    signed: (drawn) => covariance(bookReturns(drawn), returnsOf(drawn, "S")),
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
      const book = [...bookAfter(drawn)].filter(([, quantity]) => quantity !== 0);
      const names = addedNames(drawn);
      const pairs = book.flatMap(([a, p], i) =>
        book.slice(i + 1).map(([b, q]) => {
          if (!names.has(a) && !names.has(b)) return 0;
          const [x, y] = [returnsOf(drawn, a), returnsOf(drawn, b)];
          const both = covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y));
          return Math.sign(p * q) * both;
        }),
      );
      return up(Math.max(0, ...pairs));
    },
    ofNames: true,
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
        ...[...bookAfter(drawn)].map(([name, quantity]) => {
          if (!addedNames(drawn).has(name)) return 0;
          // The day that is now ends with its bar, and is not complete before the next begins.
          const complete = drawn.volumes.get(name)?.slice(0, -1).slice(-VOLUME_DAYS) as number[];
          const daily = total(complete) / VOLUME_DAYS;
          return Math.ceil((Math.abs(quantity) / (daily * 0.2)) * 100 - 1e-9);
        }),
      ),
    ofNames: true,
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
    let [refused, kept] = [0, 0];
    fc.assert(
      fc.property(seeds, (seed) => {
        const drawn = draw(seed);
        const expected = one.oracle(drawn);
        const open = judged(one.limits(HUGE), drawn.events);
        expect(measuredOf(open, one.check)).toBe(expected);
        if (!adds(drawn) || expected === 0) return;
        const { signed = () => 1 } = one;
        const isSameSide = Math.sign(signed(drawn)) === Math.sign(signed(untraded(drawn)));
        const noWorse = one.noWorse ?? (() => one.oracle(untraded(drawn)) >= expected);
        const isNoWorse = !one.ofNames && isSameSide && noWorse(drawn);
        if (isNoWorse) kept++;
        else refused++;
        for (const step of [-1, 0, 1]) {
          const found = judged(one.limits(expected - step), drawn.events);
          const isDenied = step > 0 && !isNoWorse;
          expect([step, found.outcome, found.reason !== "NONE"]).toEqual([
            step,
            isDenied ? "DENY" : "PASS",
            isDenied,
          ]);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(refused).toBeGreaterThan(15);
    if (!one.ofNames) expect(kept).toBeGreaterThan(2);
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

const HOUR_US = 3_600_000_000;
const flat = [...listed("A", "B"), closed(0, "A", 100_00), closed(0, "B", 100_00)];

describe("a hedge whose closing is approved", () => {
  const rows = [
    100_00, 102_00, 99_00, 103_00, 100_00, 98_00, 101_00, 104_00, 100_00, 99_00, 100_00,
  ];
  const both = rows.flatMap((close, i) => [
    closed(i * DAY_US, "A", close),
    closed(i * DAY_US, "B", close),
  ]);
  const now = 10 * DAY_US;
  /** Short 1,000 B, approved to be closed, or not; then 1,000 A are to be bought. */
  const asked = (limits: Partial<ProposalLimits>, isClosing: boolean, side = 1) =>
    verdict(limits, [
      ...listed("A", "B"),
      ...both,
      proposed(now, ["B", -1_000 * side, 100_00]),
      marked(now, "B", -1_000 * side, 1_000_000_00n),
      ...(isClosing ? [proposed(now, ["B", 0, 100_00])] : []),
      proposed(now, ["A", 1_000 * side, 100_00]),
    ]);

  test("is no hedge any more: net exposure counts the end that makes it worse", () => {
    const limits = { maxNetExposureMinor: 10_000_00 };
    expect(asked(limits, false).outcome).toBe("PASS");
    expect(asked(limits, true).outcome).toBe("DENY");
    const wide = { maxNetExposureMinor: 100_000_00 };
    expect(checkOf(asked(wide, false), "MAX_NET_EXPOSURE").measured).toBe(0);
    expect(checkOf(asked(wide, true), "MAX_NET_EXPOSURE").measured).toBe(100_000_00);
    expect(asked({ maxNetExposureMinor: 99_999_99 }, true).outcome).toBe("DENY");
    const short = asked(wide, true, -1); // a long hedge of a sale
    expect(checkOf(short, "MAX_NET_EXPOSURE").measured).toBe(100_000_00);
    const more = verdict(wide, [
      ...listed("A", "B"),
      ...both,
      proposed(now, ["B", -400, 100_00]),
      marked(now, "B", -400, 1_000_000_00n),
      proposed(now, ["B", 0, 100_00]),
      proposed(now, ["A", -500, 100_00]), // B may still be there
    ]);
    expect(checkOf(more, "MAX_NET_EXPOSURE").measured).toBe(90_000_00);
  });

  test.each([
    ["MAX_BETA", { maxBetaBps: HUGE, benchmark: "B", returnsWindow: ROWS }],
    ["VALUE_AT_RISK", { maxValueAtRiskBps: HUGE, returnsWindow: ROWS }],
    ["EXPECTED_SHORTFALL", { maxExpectedShortfallBps: HUGE, returnsWindow: ROWS }],
  ] as const)("nor for %s", (check, limits) => {
    const alone = verdict(limits, [
      ...listed("A", "B"),
      ...both,
      proposed(now, ["A", 1_000, 100_00]),
    ]);
    expect(checkOf(asked(limits, false), check).measured).toBe(0);
    expect(checkOf(asked(limits, true), check).measured).toBe(checkOf(alone, check).measured);
    expect(checkOf(alone, check).measured).toBeGreaterThan(0);
  });

  test("losses are never below those of any book on the way", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 10 }), (seed, tenths) => {
        const drawn = draw(seed);
        const [name, target] = drawn.lines[0] as TargetLine;
        const other = NAMES.find((one) => drawn.lines.every(([line]) => line !== one)) as string;
        const end = new Random(seed + 1).integer(6_000) - 3_000;
        const approving = proposed(NOW_US, [other, end, closeOf(drawn, other)]);
        const asking = proposed(NOW_US, [name, target, closeOf(drawn, name)]);
        const limits = { maxValueAtRiskBps: HUGE, maxExpectedShortfallBps: HUGE, ...tailed };
        const found = judged(limits, [...drawn.events.slice(0, -1), approving, asking]);
        const position = drawn.held.get(other) as number;
        const between = Math.round(position + ((end - position) * tenths) / 10);
        const after = new Map([...drawn.held, [name, target], [other, between]]);
        for (const check of ["VALUE_AT_RISK", "EXPECTED_SHORTFALL"] as const) {
          const oracle = cases.find((one) => one.check === check)?.oracle;
          const least = (oracle as Case["oracle"])({ ...drawn, after });
          expect(measuredOf(found, check)).toBeGreaterThanOrEqual(least);
        }
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});

describe("a limit that prices have carried a position past", () => {
  const drifted = [
    ...listed("A", "B"),
    closed(0, "A", 100_00),
    closed(0, "B", 100_00),
    proposed(0, ["A", 2_000, 100_00]),
    marked(1, "A", 2_000, 1_000_000_00n),
    closed(2, "A", 110_00), // 22 % of equity
  ];

  test("of single names binds what is added to, not what stays", () => {
    const limits = { maxWeightBps: 2_000 };
    const bought = verdict(limits, [...drifted, proposed(3, ["B", 100, 100_00])]);
    expect([bought.outcome, checkOf(bought, "MAX_WEIGHT").measured]).toEqual(["PASS", 100]);
    expect(verdict(limits, [...drifted, proposed(3, ["A", 2_001, 110_00])]).outcome).toBe("DENY");
    expect(verdict(limits, [...drifted, proposed(3, ["B", 2_001, 100_00])]).outcome).toBe("DENY");
    const turned = verdict(limits, [...drifted, proposed(3, ["A", -1_900, 110_00])]);
    expect(turned.outcome).toBe("DENY"); // smaller than before, but a new position beyond the limit
  });

  test("of the whole book lets through what does not make it worse", () => {
    const limits = { maxLeverageBps: 2_000 };
    const lines = (b: number): TargetLine[] => [
      ["A", 1_900, 110_00],
      ["B", b, 100_00],
    ];
    const rotated = verdict(limits, [...drifted, proposed(3, ...lines(110))]);
    expect([rotated.outcome, checkOf(rotated, "MAX_LEVERAGE").measured]).toEqual(["PASS", 2_200]);
    expect(verdict(limits, [...drifted, proposed(3, ...lines(111))]).outcome).toBe("DENY");
    const cut = verdict(limits, [...drifted, proposed(3, ...lines(200))], { onBreach: "reduce" });
    expect(quantities(cut)).toEqual({ A: 1_900, B: 110 });
  });

  test("net exposure that turns its side is a breach of its own", () => {
    const limits = { maxNetExposureMinor: 150_000_00 };
    const asked = verdict(limits, [
      ...drifted,
      proposed(3, ["A", 0, 110_00], ["B", -2_100, 100_00]),
    ]);
    expect(asked.outcome).toBe("DENY");
  });
});

describe("losses, trades and stages", () => {
  const day = (n: number): number => MONDAY_US + n * DAY_US;
  const lossDay = (loss: bigint): readonly Event[] => [
    ...flat,
    marked(day(0) + HOUR_US, "A", 100, 1_000_000_00n),
    marked(day(1) + HOUR_US, "A", 100, 1_000_000_00n - loss),
  ];

  test.each([
    ["maxDailyLossBps", "DAILY_LOSS", "MaxDailyLossExceeded"],
    ["maxWeeklyLossBps", "WEEKLY_LOSS", "MaxWeeklyLossExceeded"],
  ] as const)("%s: a loss beyond it adds no risk until the period ends", (name, check, reason) => {
    const asked = (timeUs: number) => proposed(timeUs, ["A", 200, 100_00], ["B", 5, 100_00]);
    for (const step of [-1, 0, 1]) {
      const loss = 10_000_00n + BigInt(step) * 100_00n; // 100.00 is a basis point
      const found = verdict({ [name]: 100 }, [...lossDay(loss), asked(day(1) + 2 * HOUR_US)]);
      expect(checkOf(found, check)).toMatchObject({ limit: 100, measured: 100 + step });
      expect([found.outcome, found.reason]).toEqual(
        step <= 0 ? ["PASS", "NONE"] : ["DENY", reason],
      );
    }
    const made = lossDay(20_000_00n);
    const regained = marked(day(1) + 2 * HOUR_US, "A", 100, 1_050_000_00n);
    const later = [...made, regained, asked(day(1) + 3 * HOUR_US)];
    expect(verdict({ [name]: 100 }, later).reason).toBe(reason);
    const reducing = [...made, proposed(day(1) + 3 * HOUR_US, ["A", 50, 100_00])];
    expect(verdict({ [name]: 100 }, reducing).outcome).toBe("PASS");
    const mixed = verdict({ [name]: 100 }, [...made, asked(day(1) + 3 * HOUR_US)], {
      onBreach: "reduce",
    });
    expect(mixed.targets).toEqual([]);
    const next = [...made, asked(day(name === "maxDailyLossBps" ? 2 : 7) + HOUR_US)];
    expect(verdict({ [name]: 100 }, next).outcome).toBe("PASS");
  });

  test("a day begins at dayStart, and what is marked at its end belongs to it", () => {
    const events = (timeUs: number) => [
      ...flat,
      marked(day(0), "A", 100, 1_000_000_00n),
      marked(day(0) + 20 * HOUR_US, "A", 100, 980_000_00n),
      proposed(timeUs, ["A", 200, 100_00]),
    ];
    const limits = { maxDailyLossBps: 100, dayStartUs: 21 * HOUR_US };
    expect(verdict(limits, events(day(0) + 21 * HOUR_US)).outcome).toBe("DENY");
    expect(verdict(limits, events(day(0) + 21 * HOUR_US + 1)).outcome).toBe("PASS");
  });

  test("trades a day: the last to come are cut, and those that reduce are made", () => {
    const at3 = (limit: number) =>
      verdict(
        { maxTradesADay: limit, responses: { maxTradesADay: "reduce" } },
        [
          ...flat,
          marked(day(0), "A", 100, 1_000_000_00n),
          proposed(day(0), ["B", 5, 100_00]),
          proposed(day(0), ["B", 10, 100_00], ["A", 50, 100_00]),
        ],
        { onBreach: "reduce" },
      );
    expect(at3(4).outcome).toBe("PASS");
    expect(at3(3)).toMatchObject({ outcome: "PASS", reason: "NONE" });
    expect(at3(2)).toMatchObject({ outcome: "REDUCE", reason: "MaxTradesExceeded" });
    expect(checkOf(at3(2), "TRADES_A_DAY")).toMatchObject({ limit: 2, measured: 3 });
    expect(quantities(at3(2))).toEqual({ A: 50 });
    const first = verdict(
      { maxTradesADay: 3 },
      [
        ...flat,
        proposed(day(0), ["A", 5, 100_00]),
        proposed(day(0), ["A", 6, 100_00], ["B", 5, 100_00]),
      ],
      { onBreach: "reduce" },
    );
    expect([first.outcome, quantities(first)]).toEqual(["PASS", { A: 6, B: 5 }]);
    const oneLeft = verdict(
      { maxTradesADay: 3 },
      [
        ...flat,
        proposed(day(0), ["A", 5, 100_00], ["B", 4, 100_00]),
        proposed(day(0), ["A", 6, 100_00], ["B", 5, 100_00]),
      ],
      { onBreach: "reduce" },
    );
    expect([oneLeft.outcome, quantities(oneLeft)]).toEqual(["REDUCE", { A: 6 }]);
    const nextDay = verdict({ maxTradesADay: 1 }, [
      ...flat,
      proposed(day(0), ["B", 5, 100_00]),
      proposed(day(0) + 1, ["B", 10, 100_00]),
    ]);
    expect(nextDay.outcome).toBe("PASS");
  });

  test("capital grows with the days and their Sharpe ratio, and falls back with it", () => {
    const stages = [
      { days: 0, sharpe: null, capitalMinor: 1_000_00 },
      { days: 3, sharpe: 2, capitalMinor: 5_000_00 },
    ];
    const allowedAfter = (...equities: readonly bigint[]) =>
      checkOf(
        verdict({ capitalStages: stages }, [
          ...flat,
          ...equities.map((one, i) => marked(day(i) + HOUR_US, "", 0, one)),
          proposed(day(equities.length) + HOUR_US, ["A", 1, 100_00]),
        ]),
        "CAPITAL_GATE",
      ).limit;
    expect(allowedAfter(1_000_00n, 1_010_00n)).toBe(1_000_00); // two days
    expect(allowedAfter(1_000_00n, 1_010_00n, 1_020_00n)).toBe(1_000_00); // three, the first from 1,000,000
    const grows = [1_000_000_00n, 1_010_000_00n, 1_020_000_00n, 1_030_000_00n];
    expect(allowedAfter(...grows)).toBe(5_000_00);
    expect(allowedAfter(...grows, 900_000_00n)).toBe(1_000_00);
  });

  test("a warning is written down and stops nothing", () => {
    const found = verdict({ drawdownWarningBps: 500 }, [
      ...flat,
      marked(day(0), "A", 0, 900_000_00n, 1_000),
      proposed(day(0), ["A", 5, 100_00]),
    ]);
    expect(found.outcome).toBe("PASS");
    expect(checkOf(found, "DRAWDOWN_WARNING")).toMatchObject({ limit: 500, measured: 1_000 });
  });

  test("the last stage of a drawdown closes the book at once, once, until EnableTrading", () => {
    const limits = { drawdownCloseBps: 1_000 };
    const sunk = (drawdown: number) => [
      ...flat,
      marked(day(0), "A", 70, 900_000_00n, 900),
      marked(day(0), "B", -30, 900_000_00n, drawdown),
    ];
    expect(verdicts(limits, sunk(1_000))).toEqual([]);
    const found = verdicts(limits, [
      ...sunk(1_001),
      marked(day(0), "A", 70, 890_000_00n, 1_100),
      proposed(day(0), ["A", 100, 100_00]),
      marked(day(0), "A", 0, 890_000_00n, 1_100),
      marked(day(0), "B", 0, 890_000_00n, 1_100),
      proposed(day(0), ["A", 100, 100_00]),
      told(day(0), "EnableTrading"),
      proposed(day(0), ["A", 100, 100_00]),
    ]);
    expect(found.map(({ outcome }) => outcome)).toEqual(["CLOSE", "CLOSE", "DENY", "PASS"]);
    expect(quantities(found[0] as RiskVerdict)).toEqual({ A: 0, B: 0 });
    expect(found[0]).toMatchObject({ reason: "MaxDrawdownExceeded", state: "REDUCE_ONLY" });
    expect(checkOf(found[0] as RiskVerdict, "DRAWDOWN_CLOSE")).toMatchObject({
      limit: 1_000,
      measured: 1_001,
      passed: false,
    });
    const enabled = verdict(limits, [
      ...sunk(1_001),
      told(day(0), "EnableTrading"),
      proposed(day(0), ["A", 100, 100_00]),
    ]);
    expect([enabled.outcome, quantities(enabled)]).toEqual(["PASS", { A: 100 }]);
    const again = verdicts(limits, [
      ...sunk(1_001),
      told(day(0), "EnableTrading"),
      told(day(0), "ReduceOnly"),
      proposed(day(0), ["A", 50, 100_00]),
      marked(day(0), "A", 50, 800_000_00n, 2_000), // 11 % below the equity at which it was enabled
    ]);
    expect(again.map(({ outcome }) => outcome)).toEqual(["CLOSE", "PASS", "CLOSE"]);
    const halted = [...flat, told(0, "HaltTrading"), ...sunk(5_000).slice(-2)];
    expect(verdicts(limits, halted)).toEqual([]);
  });
});

describe("history", () => {
  test("too little of it adds no risk, and says how much there is", () => {
    const bars = Array.from({ length: 10 }, (_, i) => closed(i * DAY_US, "A", 100_00 + i));
    const limits = { maxValueAtRiskBps: 500, returnsWindow: 10 };
    const short = verdict(limits, [
      ...listed("A"),
      ...bars,
      proposed(10 * DAY_US, ["A", 5, 100_00]),
    ]);
    expect(short).toMatchObject({ outcome: "DENY", reason: "NotEnoughHistory" });
    expect(checkOf(short, "VALUE_AT_RISK")).toMatchObject({
      limit: 10,
      measured: 9,
      unit: "HISTORY",
    });
    const enough = [...bars, closed(10 * DAY_US, "A", 100_00)];
    const found = verdict(limits, [
      ...listed("A"),
      ...enough,
      proposed(10 * DAY_US, ["A", 5, 100_00]),
    ]);
    expect(found.outcome).toBe("PASS");
  });

  test("names without it are cut, the others judged", () => {
    const bars = Array.from({ length: 11 }, (_, i) => closed(i * DAY_US, "A", 100_00 + i));
    const limits = { maxExpectedShortfallBps: 5_000, returnsWindow: 10 };
    const found = verdict(
      limits,
      [
        ...listed("A", "B"),
        ...bars,
        closed(10 * DAY_US, "B", 100_00),
        proposed(10 * DAY_US, ["A", 5, 100_00], ["B", 5, 100_00]),
      ],
      { onBreach: "reduce" },
    );
    expect([found.outcome, quantities(found)]).toEqual(["REDUCE", { A: 5 }]);
  });

  test("a split changes no return, no volume's worth and no loss", () => {
    const rows = (after: number, ratio: number): readonly Event[] =>
      Array.from({ length: 12 }, (_, i) =>
        closed(
          i * DAY_US,
          "A",
          (100_00 + (i % 3) * 200) / (i > 5 ? after : 1),
          1_000 * (i > 5 ? after : 1),
        ),
      ).flatMap((event, i) =>
        i === 6 && ratio > 1
          ? [at(event.timeUs, "market.corporate-actions", split("A", ratio, 1)), event]
          : [event],
      );
    const limits = {
      maxValueAtRiskBps: 9_000,
      maxDaysToExitHundredths: 9_000,
      volumeDays: 10,
      returnsWindow: 10,
    };
    const [whole, halved] = [1, 2].map((ratio) =>
      verdict(limits, [
        ...listed("A"),
        ...rows(ratio, ratio),
        proposed(11 * DAY_US, ["A", 100 * ratio, 104_00 / ratio]),
      ]),
    );
    expect((whole as RiskVerdict).outcome).toBe("PASS");
    expect(halved?.checks).toEqual(whole?.checks);
  });

  test("a split between another symbol's bar of a row and its own changes no return either", () => {
    const before = Array.from({ length: 11 }, (_, i) => [
      closed(i * DAY_US, "B", 100_00),
      closed(i * DAY_US, "A", 100_00),
    ]).flat();
    const timeUs = 11 * DAY_US;
    const found = verdict({ maxValueAtRiskBps: 1, tailBps: 1, returnsWindow: 10 }, [
      ...listed("A", "B"),
      ...before,
      closed(timeUs, "B", 100_00),
      at(timeUs, "market.corporate-actions", split("A", 2, 1)),
      closed(timeUs, "A", 50_00),
      proposed(timeUs, ["A", 5_000, 50_00]),
    ]);
    expect(checkOf(found, "VALUE_AT_RISK")).toMatchObject({ measured: 0, passed: true });
  });

  test("an approval that is on its way counts where its symbol's new trade is cut", () => {
    const found = verdict(
      { maxLeverageBps: 350 },
      [
        ...flat,
        proposed(0, ["A", 100, 100_00]),
        proposed(1, ["B", 300, 100_00], ["A", 300, 100_00]),
      ],
      { onBreach: "reduce" },
    );
    expect([found.outcome, quantities(found)]).toEqual(["REDUCE", { B: 250 }]);
  });

  test("the events that were used are named, the last of each", () => {
    const found = verdict({ maxLeverageBps: 10_000 }, [
      ...listed("A", "B"),
      closed(DAY_US, "A", 100_00),
      closed(2 * DAY_US, "A", 100_00),
      marked(2 * DAY_US, "B", 5, 1_000_000_00n),
      marked(3 * DAY_US, "", 0, 1_000_000_00n),
      proposed(3 * DAY_US, ["A", 5, 100_00]),
    ]);
    expect(found.events).toEqual([
      { topic: "market.bars", symbol: "A", timeUs: 2 * DAY_US, origin: 3 },
      { topic: "portfolio.snapshots", symbol: "B", timeUs: 2 * DAY_US, origin: 4 },
      { topic: "portfolio.snapshots", symbol: "", timeUs: 3 * DAY_US, origin: 5 },
    ]);
  });
});

describe("evidence", () => {
  const everything: Partial<ProposalLimits> = Object.assign(
    { maxDailyLossBps: HUGE, maxWeeklyLossBps: HUGE, maxTradesADay: HUGE, drawdownWarningBps: 1 },
    ...cases.map((one) => one.limits(HUGE)),
    { benchmark: "S" },
  );
  const wide: Partial<RiskConfig> = {
    maxPosition: "1000000",
    maxGrossExposureMinor: HUGE,
    priceCollarBps: HUGE,
    maxOrderValueMinor: HUGE,
    maxDrawdownBps: HUGE,
    maxPriceAgeUs: HUGE,
  };

  test("every check of a verdict rests on events that it names", () => {
    const drawn = draw(3);
    const before = [
      told(NOW_US, "SetLimit", { limit: "maxWeightBps", value: 90_000 }),
      told(NOW_US, "SetOverlay", { overlay: "BLACKOUT", symbol: "D", untilUs: NOW_US + 5 }),
      marked(NOW_US, "", 0, BigInt(EQUITY)),
      proposed(NOW_US, ...drawn.lines),
    ];
    const found = judged(everything, [...drawn.events.slice(0, -1), ...before], wide);
    expect(found.outcome).toBe("PASS");
    expect(new Set(found.checks.map(({ check }) => check)).size).toBeGreaterThan(19);
    for (const check of found.checks) expect(eventsOfCheck(found, check)).not.toEqual([]);
    const bars = found.events.filter(({ topic }) => topic === "market.bars");
    expect(bars.map(({ symbol }) => symbol)).toContain("S"); // the benchmark, which is not held
    const commands = found.events.filter(({ topic }) => topic === "control.commands");
    expect(commands).toHaveLength(1); // the overlay on D does not bear on it
    const collar = checkOf(found, "PRICE_COLLAR");
    expect(eventsOfCheck(found, collar).filter(({ topic }) => topic === "market.bars")).toEqual([
      expect.objectContaining({ symbol: collar.symbol, timeUs: NOW_US }),
    ]);
  });

  test("also without a check of the book, and of the verdicts that the gate gives by itself", () => {
    const config = { maxDrawdownBps: 100, drawdownReduceToBps: 0 };
    const sunk = [...flat, marked(5, "A", 10, 1_000_000_00n, 101)];
    const gate = riskGate({ ...off, ...config }, portfolio);
    const found = given(gate)
      .when(...sunk, proposed(6, ["B", 5, 100_00]))
      .map(({ value }) => value.events.map(({ topic, symbol }) => `${topic} ${symbol}`));
    const ofA = ["market.bars A", "portfolio.snapshots A", "portfolio.snapshots "];
    expect(found).toEqual([ofA, ofA]);
  });

  test("the pair that converts a price is named", () => {
    const rate = { rateMaxAgeUs: DAY_US };
    const gate = riskGate({ ...off, maxOrderValueMinor: HUGE }, { ...portfolio, ...rate });
    const pair = equity("EURUSD", {
      contract: "EXCHANGE",
      priceScale: 4,
      baseCurrency: "EUR",
      baseScale: 2,
    });
    const events = [
      at(0, "market.instruments", equity("E", { currency: "EUR" })),
      at(0, "market.instruments", pair),
      closed(1, "E", 100_00),
      closed(2, "EURUSD", 11_000),
      proposed(3, ["E", 1, 100_00]),
    ];
    const [found] = given(gate).when(...events);
    expect(found?.value.events.map(({ symbol, timeUs }) => [symbol, timeUs])).toEqual([
      ["E", 1],
      ["EURUSD", 2],
    ]);
  });
});

describe("what makes a row of returns", () => {
  test("a day: bars within it are one return, and what has none is not filled with zeros", () => {
    const hours = [100_00, 90_00, 95_00, 80_00, 100_00, 99_00];
    const bars = hours.flatMap((close, i) => [
      closed(MONDAY_US + i * 12 * HOUR_US + HOUR_US, "A", close),
      ...(i % 2 === 0 ? [closed(MONDAY_US + i * 12 * HOUR_US + HOUR_US, "B", 100_00)] : []),
    ]);
    const now = MONDAY_US + 5 * 12 * HOUR_US + HOUR_US;
    const found = verdict(
      { maxValueAtRiskBps: HUGE, tailBps: 100, returnsWindow: 2, returnsBy: "day" },
      [...listed("A", "B"), ...bars, proposed(now, ["A", 10_101, 99_00])],
    );
    // Closes of the days are 90, 80 and 99; the worse day's loss is a ninth, of all of equity.
    const worst = 1 / 9 - 0.01 * (1 / 9 + 19 / 80);
    const weight = (10_101 * 99_00) / 1_000_000_00;
    expect(checkOf(found, "VALUE_AT_RISK").measured).toBe(Math.ceil(worst * weight * 10_000));
  });

  test("a horizon multiplies the losses by its square root", () => {
    const drawn = draw(8);
    for (const check of ["VALUE_AT_RISK", "EXPECTED_SHORTFALL"] as const) {
      const one = cases.find((other) => other.check === check) as Case;
      const measured = (tailHorizon: number) =>
        measuredOf(judged({ ...one.limits(HUGE), tailHorizon }, drawn.events), check);
      expect(measured(4)).toBeGreaterThan(2 * measured(1) - 3);
      expect(measured(4)).toBeLessThan(2 * measured(1) + 1);
    }
  });
});

describe("overlays", () => {
  type Change = NonNullable<Parameters<typeof command>[1]>;
  const overlay = (changes: Change) => told(10, "SetOverlay", changes);
  const asking = (timeUs: number, target: number, set: readonly Event[], position = 100) =>
    verdict(
      {},
      [
        ...flat,
        marked(0, "A", position, 1_000_000_00n),
        ...set,
        proposed(timeUs, ["A", target, 100_00], ["B", 10, 100_00]),
      ],
      { onBreach: "reduce" },
    );

  test.each([
    // Kind, position, asked for, what is left: undefined where nothing is.
    ["RESTRICTED_BUYS", 100, 150, undefined],
    ["RESTRICTED_BUYS", 100, 50, 50],
    ["RESTRICTED_BUYS", -100, -50, undefined],
    ["RESTRICTED_BUYS", 100, -50, -50],
    ["RESTRICTED", 100, 50, undefined],
    ["BLACKOUT", 100, 150, undefined],
    ["BLACKOUT", 100, 50, 50],
    ["BLACKOUT", 100, -50, 0],
  ] as const)("%s: of %d to %d, %s is left, and B as it was", (kind, position, target, left) => {
    const found = asking(20, target, [overlay({ overlay: kind, symbol: "A" })], position);
    expect(quantities(found)).toEqual(left === undefined ? { B: 10 } : { A: left, B: 10 });
    const reason = kind === "BLACKOUT" ? "Blackout" : "Restricted";
    expect(found.reason).toBe(left === target ? "NONE" : reason);
    expect(found.overlays).toEqual([
      { overlay: kind, symbol: "A", who: "ann", why: "test", untilUs: null },
    ]);
  });

  test("count from their beginning, before their end, until they are lifted", () => {
    const set = [overlay({ overlay: "BLACKOUT", fromUs: 20, untilUs: 30 })];
    const outcomes = [19, 20, 29, 30].map((timeUs) => asking(timeUs, 150, set).outcome);
    expect(outcomes).toEqual(["PASS", "DENY", "DENY", "PASS"]);
    const lasting = overlay({ overlay: "RESTRICTED", symbol: "A" });
    const lift = (changes: Change) => [lasting, told(15, "LiftOverlay", changes)];
    expect(asking(20, 150, lift({ symbol: "A" })).outcome).toBe("PASS");
    expect(asking(20, 150, lift({ symbol: "A", overlay: "RESTRICTED" })).outcome).toBe("PASS");
    expect(asking(20, 150, lift({ symbol: "A", overlay: "BLACKOUT" })).outcome).toBe("REDUCE");
    expect(asking(20, 150, lift({ symbol: "B" })).outcome).toBe("REDUCE");
  });

  test("a person's target stands in the model's place, at the price that it met first", () => {
    const set = [overlay({ overlay: "TARGET", symbol: "A", value: -2_000, untilUs: 100 })];
    const found = asking(20, 150, set);
    expect(quantities(found)).toEqual({ A: -2_000, B: 10 }); // 200,000.00 at 100.00
    expect([found.outcome, found.reason]).toEqual(["PASS", "ManualTarget"]);
    expect(checkOf(found, "MANUAL_TARGET")).toMatchObject({
      limit: -2_000,
      measured: 150,
      passed: true,
    });
    const [, second, third] = verdicts({}, [
      ...flat,
      ...set,
      marked(15, "A", -2_000, 1_000_000_00n),
      closed(30, "A", 50_00),
      proposed(40, ["A", 7, 50_00]),
      proposed(100, ["A", 7, 50_00]),
    ]);
    expect(quantities(second as RiskVerdict)).toEqual({ A: -2_000 });
    expect(quantities(third as RiskVerdict)).toEqual({ A: 7 });
  });

  test("a person's target obeys the limits, and joins proposals that leave its symbol out", () => {
    const set = [overlay({ overlay: "TARGET", symbol: "A", value: 5_000, untilUs: 100 })];
    const [own, found] = verdicts(
      { maxLeverageBps: 1_000 },
      [...flat, ...set, proposed(20, ["B", 10, 100_00])],
      { onBreach: "scale" },
    ) as [RiskVerdict, RiskVerdict];
    expect([own.outcome, own.reason, quantities(own)]).toEqual([
      "SCALE",
      "MaxLeverageExceeded",
      { A: 1_000 },
    ]);
    expect([found.outcome, found.reason]).toEqual(["SCALE", "MaxLeverageExceeded"]);
    const { A = 0, B = 0 } = quantities(found);
    expect([A > 980 && A + B <= 1_000, B]).toEqual([true, 1]);
  });

  test("a person's target is judged when it is ordered, or with the first bar that values it", () => {
    const set = overlay({ overlay: "TARGET", symbol: "A", value: 0, untilUs: 100 });
    const bought = [proposed(1, ["A", 300, 100_00]), marked(2, "A", 300, 1_000_000_00n)];
    const closing = verdicts({}, [...flat, ...bought, set]);
    expect(closing.map((one) => [one.reason, quantities(one)])).toEqual([
      ["NONE", { A: 300 }],
      ["ManualTarget", { A: 0 }],
    ]);
    expect(closing[1]?.events.at(-1)).toMatchObject({ topic: "control.commands", timeUs: 10 });
    const later = overlay({ overlay: "TARGET", symbol: "A", value: 100, fromUs: 20, untilUs: 100 });
    const early = verdicts({}, [...flat, later, closed(19, "A", 100_00)]);
    expect(early).toEqual([]);
    const [due] = verdicts({}, [...flat, later, closed(20, "B", 100_00)]);
    expect([due?.outcome, quantities(due as RiskVerdict)]).toEqual(["PASS", { A: 100 }]);
  });

  test.each([
    // Position, asked for, expected return, confidence, what is left of it.
    [100, 200, -50, 4_000, 160],
    [100, 200, -50, 10_000, undefined],
    [100, 200, 50, 10_000, 200],
    [100, 50, 50, 10_000, 50],
    [100, -100, 50, 10_000, 0],
    [0, -100, 50, 2_500, -75],
  ])(
    "a view: of %d to %d, at %d bps and %d sure, %s is left",
    (position, asked, value, sure, left) => {
      const set = overlay({
        overlay: "VIEW",
        symbol: "A",
        value,
        confidenceBps: sure,
        untilUs: 100,
      });
      const found = asking(20, asked, [set], position);
      expect(quantities(found)).toEqual(left === undefined ? { B: 10 } : { A: left, B: 10 });
      expect(found.reason).toBe(left === asked ? "NONE" : "View");
      expect(checkOf(found, "VIEW")).toMatchObject({ symbol: "A", measured: asked });
      expect(found.overlays).toEqual([
        { overlay: "VIEW", symbol: "A", who: "ann", why: "test", untilUs: 100 },
      ]);
      expect(asking(100, asked, [set], position).outcome).toBe("PASS");
    },
  );

  test("a person's target in money that cannot be valued waits", () => {
    const found = verdict({}, [
      ...flat,
      at(0, "market.instruments", equity("E", { currency: "EUR" })),
      closed(0, "E", 100_00),
      overlay({ overlay: "TARGET", symbol: "E", value: 1_000, untilUs: 100 }),
      proposed(20, ["B", 5, 100_00]),
    ]);
    expect([found.outcome, found.reason, quantities(found)]).toEqual(["PASS", "NONE", { B: 5 }]);
  });

  test("nobody, no reason, no kind, no weight or an end before the beginning is refused", () => {
    const wrong: readonly Change[] = [
      { overlay: "RESTRICTED", who: " " },
      { overlay: "RESTRICTED", why: "" },
      { overlay: null },
      { overlay: "TARGET", symbol: "A", value: null },
      { overlay: "TARGET", value: 5, untilUs: 100 },
      { overlay: "TARGET", symbol: "A", value: 5 },
      { overlay: "VIEW", symbol: "A", value: 0, confidenceBps: 1, untilUs: 100 },
      { overlay: "VIEW", symbol: "A", value: 5, untilUs: 100 },
      { overlay: "VIEW", symbol: "A", value: 5, confidenceBps: 10_001, untilUs: 100 },
      { overlay: "BLACKOUT", fromUs: 50, untilUs: 50 },
      { overlay: "BLACKOUT", untilUs: 10 },
    ];
    for (const changes of wrong) {
      const [found, after] = verdicts({}, [
        ...flat,
        overlay(changes),
        proposed(20, ["A", 1, 100_00]),
      ]);
      expect([found?.outcome, found?.reason, after?.overlays]).toEqual([
        "ANSWER",
        "CommandRefused",
        [],
      ]);
      expect(found?.answer).toMatch(/^SetOverlay by .+: .+/);
    }
  });

  test("lifting what does not stand is answered", () => {
    const [found] = verdicts({}, [...flat, told(10, "LiftOverlay", { symbol: "A" })]);
    expect(found?.answer).toBe("LiftOverlay by ann: nothing stands on A");
  });

  test("recurring blackouts of the configuration hold at their times of the day", () => {
    const friday = MONDAY_US + 4 * DAY_US;
    const at2355 = { symbol: "A", weekdays: [4], fromUs: 23 * HOUR_US, untilUs: HOUR_US };
    const outcome = (timeUs: number, symbol = "A") =>
      verdict({ blackouts: [at2355] }, [...flat, proposed(timeUs, [symbol, 5, 100_00])]).outcome;
    expect(outcome(friday + 23 * HOUR_US - 1)).toBe("PASS");
    expect(outcome(friday + 23 * HOUR_US)).toBe("DENY");
    expect(outcome(friday + 25 * HOUR_US - 1)).toBe("DENY");
    expect(outcome(friday + 25 * HOUR_US)).toBe("PASS");
    expect(outcome(friday - HOUR_US)).toBe("PASS");
    expect(outcome(friday + 23 * HOUR_US, "B")).toBe("PASS");
  });

  test("a split restates a person's target, a new name takes it along", () => {
    const action = (changes: Parameters<typeof split>[3]) =>
      at(25, "market.corporate-actions", split("A", 2, 1, changes));
    const found = verdicts({}, [
      ...flat,
      overlay({ overlay: "TARGET", symbol: "A", value: 1_000, untilUs: 100 }),
      proposed(20, ["B", 5, 100_00]),
      action({}),
      action({ action: "SYMBOL_CHANGE", newSymbol: "C" }),
      proposed(30, ["B", 6, 100_00]),
    ]);
    expect(quantities(found[1] as RiskVerdict)).toEqual({ B: 5, A: 1_000 });
    expect(quantities(found[2] as RiskVerdict)).toEqual({ B: 6, C: 2_000 });
  });
});

test("every name of a check, reason, outcome and unit was produced above", () => {
  expect(proposalNames.filter((name) => !seen.has(name))).toEqual([]);
});
