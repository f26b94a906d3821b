import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type RiskCheck,
  type RiskCheckName,
  type RiskVerdict,
  riskCheckNameSymbols,
  riskOutcomeSymbols,
  riskReasonSymbols,
  riskUnitSymbols,
  tradingStateSymbols,
} from "../../schemas/generated/risk.verdicts.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, proposal, type TargetLine } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { type RiskConfig, settableLimits } from "../risk-config.ts";
import { noProposalLimits } from "./limits.ts";
import { riskGate } from "./risk-gate.ts";
import { certificateNames } from "./testing/certificate-names.ts";
import { marked, off, portfolio } from "./testing/gate-settings.ts";
import { proposalNames } from "./testing/proposal-names.ts";

type Input =
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "control.commands";
type Event = EventOf<Input>;

const snapshot = (symbol: string, quantity: number, equityMinor: bigint, drawdownBps = 0) =>
  marked(0, symbol, quantity, equityMinor, drawdownBps);
const held = (symbol: string, quantity: number) => snapshot(symbol, quantity, 1_000_000_00n);
const told = (...parameters: Parameters<typeof command>) =>
  at(0, "control.commands", command(...parameters));
const proposed = (...lines: readonly TargetLine[]) =>
  at(0, "weights.proposals", proposal(...lines));

/** A and B are listed; both closed at 100.00. */
const market = [
  at(0, "market.instruments", equity("A")),
  at(0, "market.instruments", equity("B")),
  at(0, "market.bars", bar("A", 0, 100_00)),
  at(0, "market.bars", bar("B", 0, 100_00)),
] as const;

const seen = { reasons: new Set(), checks: new Set(), outcomes: new Set(), states: new Set() };
const units = new Set<unknown>();

/** The verdicts on the proposals among the events. */
function verdicts(config: Partial<RiskConfig>, ...events: readonly Event[]): RiskVerdict[] {
  const found = given(riskGate({ ...off, ...config }, portfolio), ...market)
    .when(...events)
    .map(({ value }) => value);
  for (const verdict of found) {
    seen.reasons.add(verdict.reason);
    seen.outcomes.add(verdict.outcome);
    seen.states.add(verdict.state);
    for (const { check, unit } of verdict.checks) {
      seen.checks.add(check);
      units.add(unit);
    }
  }
  return found;
}
const verdict = (config: Partial<RiskConfig>, ...events: readonly Event[]): RiskVerdict =>
  verdicts(config, ...events).at(-1) as RiskVerdict;
const quantities = ({ targets }: RiskVerdict) =>
  targets.map(({ symbol, quantity }) => [symbol, quantity]);
const checkOf = ({ checks }: RiskVerdict, name: RiskCheckName): RiskCheck =>
  checks.find(({ check }) => check === name) as RiskCheck;

describe("limits at -1, 0 and +1", () => {
  interface Case {
    readonly config: Partial<RiskConfig>;
    readonly check: RiskCheckName;
    readonly reason: RiskVerdict["reason"];
    readonly limit: number;
    readonly unit: RiskCheck["unit"];
    /** Events that bring the measured value to limit - 1, limit, limit + 1. */
    readonly events: (step: number) => readonly Event[];
  }
  const cases: readonly Case[] = [
    {
      config: { maxPosition: "500" },
      check: "MAX_POSITION",
      reason: "MaxPositionExceeded",
      limit: 500,
      unit: "QUANTITY",
      events: (step) => [proposed(["A", 500 + step, 100_00])],
    },
    {
      config: { maxPosition: "500" },
      check: "MAX_POSITION",
      reason: "MaxPositionExceeded",
      limit: 500,
      unit: "QUANTITY",
      events: (step) => [held("A", 100), proposed(["A", -500 - step, 100_00])],
    },
    {
      config: { maxGrossExposureMinor: 30_000_00 },
      check: "MAX_GROSS_EXPOSURE",
      reason: "MaxGrossExposureExceeded",
      limit: 30_000_00,
      unit: "MINOR",
      events: (step) => [
        at(0, "market.bars", bar("A", 0, 1)), // a cent a share: steps of a cent
        held("B", -299),
        proposed(["A", 100_00 + step, 1]),
      ],
    },
    {
      config: { priceCollarBps: 500 },
      check: "PRICE_COLLAR",
      reason: "PriceCollarExceeded",
      limit: 500,
      unit: "BPS",
      events: (step) => [proposed(["A", 1, 105_00 + step])],
    },
    {
      config: { priceCollarBps: 500 },
      check: "PRICE_COLLAR",
      reason: "PriceCollarExceeded",
      limit: 500,
      unit: "BPS",
      events: (step) => [proposed(["A", -1, 95_00 - step])],
    },
    {
      config: { maxOrderValueMinor: 2_000_00 },
      check: "MAX_ORDER_VALUE",
      reason: "MaxOrderValueExceeded",
      limit: 2_000_00,
      unit: "MINOR",
      events: (step) => [
        at(0, "market.bars", bar("A", 0, 1)),
        held("A", -50_000),
        proposed(["A", 150_000 + step, 1]),
      ],
    },
    {
      config: { maxDrawdownBps: 1000 },
      check: "MAX_DRAWDOWN",
      reason: "MaxDrawdownExceeded",
      limit: 1000,
      unit: "BPS",
      events: (step) => [snapshot("A", 0, 1n, 1000 + step), proposed(["A", 1, 100_00])],
    },
  ];

  test.each(cases)("$check, case %#", ({ config, check, reason, limit, unit, events }) => {
    for (const onBreach of ["deny", "reduce"] as const) {
      for (const step of [-1, 0, 1]) {
        const found = verdict({ ...config, onBreach }, ...events(step));
        const measured = unit === "BPS" && check === "PRICE_COLLAR" ? 500 + step : limit + step;
        expect(checkOf(found, check)).toMatchObject({
          limit,
          measured,
          unit,
          passed: step <= 0,
        });
        expect(found.reason).toBe(step <= 0 ? "NONE" : reason);
        if (step <= 0) expect(found.outcome).toBe("PASS");
        else if (onBreach === "deny") expect([found.outcome, found.targets]).toEqual(["DENY", []]);
        else expect(found.outcome).not.toBe("PASS");
      }
    }
  });

  test.each([
    ["MAX_POSITION", { maxPosition: "500" }, 800, 500],
    ["MAX_POSITION, a short", { maxPosition: "500" }, -800, -500],
    ["MAX_POSITION of a fraction", { maxPosition: "12.9" }, 800, 12],
    ["MAX_GROSS_EXPOSURE", { maxGrossExposureMinor: 30_000_00 }, 800, 300],
    ["MAX_ORDER_VALUE", { maxOrderValueMinor: 20_000_00 + 99_99 }, 800, 200],
    ["the tightest of three", { maxPosition: "500", maxOrderValueMinor: 20_000_00 }, 800, 200],
  ])("%s is cut to the limit in reduce mode", (_, config, asked, left) => {
    const found = verdict({ ...config, onBreach: "reduce" }, proposed(["A", asked, 100_00]));
    expect(found.outcome).toBe("REDUCE");
    expect(found.targets).toEqual([
      {
        symbol: "A",
        weight: (0.5 * Math.sign(asked) * left) / asked,
        quantity: left,
        referencePrice: 100_00,
      },
    ]);
  });

  test("what is left of a sale too large to make at once weighs what it is worth", () => {
    const config = { maxOrderValueMinor: 60_000_00, onBreach: "reduce" } as const;
    const found = verdict(config, held("A", 1000), proposed(["A", 0, 100_00]));
    const [left] = found.targets;
    expect([left?.quantity, left?.weight]).toEqual([400, 0.04]); // of an equity of 1,000,000.00
  });

  test("a position limit finer than a lot's scale drops the digits beyond it", () => {
    const tenths = at(0, "market.instruments", equity("A", { quantityScale: 1 }));
    const found = verdict({ maxPosition: "12.97" }, tenths, proposed(["A", 1, 100_00]));
    expect(checkOf(found, "MAX_POSITION").limit).toBe(129);
  });

  test("the reason is the first check that failed; all are listed", () => {
    const config = { maxPosition: "1", maxOrderValueMinor: 1, maxGrossExposureMinor: 1 };
    const found = verdict(config, proposed(["A", 10, 100_00]));
    expect(found.reason).toBe("MaxPositionExceeded");
    expect(found.checks.map(({ check, passed }) => [check, passed])).toEqual([
      ["TRADING_STATE", true],
      ["MAX_POSITION", false],
      ["MAX_ORDER_VALUE", false],
      ["MAX_GROSS_EXPOSURE", false],
    ]);
  });

  test("a cut leaves whole lots", () => {
    const lots = at(0, "market.instruments", equity("A", { lotSize: 100 }));
    const config = { maxPosition: "550", onBreach: "reduce" } as const;
    expect(quantities(verdict(config, lots, proposed(["A", 900, 100_00])))).toEqual([["A", 500]]);
  });

  test("a cut never turns a trade round: beyond a lowered limit nothing is left of an increase", () => {
    const config = { maxPosition: "500", onBreach: "reduce" } as const;
    const found = verdict(config, held("A", 700), proposed(["A", 900, 100_00]));
    expect([found.outcome, found.reason]).toEqual(["DENY", "MaxPositionExceeded"]);
  });

  test("a position beyond a limit may always shrink, however little", () => {
    const config = { maxPosition: "500", maxGrossExposureMinor: 10 } as const;
    const found = verdict(config, held("A", 700), proposed(["A", 699, 100_00]));
    expect([found.outcome, quantities(found)]).toEqual(["PASS", [["A", 699]]]);
  });
});

describe("exposure", () => {
  const config = { maxGrossExposureMinor: 30_000_00, onBreach: "reduce" } as const;

  test("an approval holds its room before it is filled, so the next proposal does not get it too", () => {
    const found = verdicts(config, proposed(["A", 200, 100_00]), proposed(["B", 200, 100_00]));
    expect(found.map(quantities)).toEqual([[["A", 200]], [["B", 100]]]);
  });

  test("an approval that is reached counts at the market's price", () => {
    const events = [
      proposed(["A", 200, 100_00]),
      held("A", 200),
      at(0, "market.bars", bar("A", 0, 50_00)),
      proposed(["B", 200, 100_00]),
    ];
    expect(verdict(config, ...events).outcome).toBe("PASS");
  });

  test("a sale makes room within its own proposal, and after it only once it is filled", () => {
    const sale = ["A", 0, 100_00] as const;
    const buy = ["B", 300, 100_00] as const;
    expect(verdict(config, held("A", 300), proposed(sale, buy)).outcome).toBe("PASS");
    const apart = verdict(config, held("A", 300), proposed(sale), proposed(buy));
    expect(apart.outcome).toBe("DENY");
    const later = [held("A", 300), proposed(sale), held("A", 0), proposed(buy)];
    expect(verdict(config, ...later).outcome).toBe("PASS");
  });

  test("a kill forgets approvals: their orders are cancelled", () => {
    const events = [
      proposed(["A", 300, 100_00]),
      told("KillTrading"),
      told("EnableTrading"),
      proposed(["B", 300, 100_00]),
    ];
    expect(verdict(config, ...events).outcome).toBe("PASS");
  });

  test("a trade through zero is cut to its close when there is no room to open", () => {
    const found = verdict(config, held("B", 300), held("A", 100), proposed(["A", -100, 100_00]));
    expect(found.targets).toMatchObject([{ symbol: "A", quantity: 0, weight: 0 }]); // never -0
  });

  test("a target that is held already stays, beside one that is cut", () => {
    const found = verdict(config, held("A", 100), proposed(["A", 100, 100_00], ["B", 500, 100_00]));
    expect(quantities(found)).toEqual([
      ["A", 100],
      ["B", 200],
    ]);
  });

  test("what several targets add is cut in proportion", () => {
    const found = verdict(config, proposed(["A", 100, 100_00], ["B", -500, 100_00]));
    expect(quantities(found)).toEqual([
      ["A", 50],
      ["B", -250],
    ]);
  });
});

describe("prices", () => {
  const collar = { priceCollarBps: 500 };

  test.each([
    ["a symbol that never closed", collar, at(0, "market.instruments", equity("C")), 100_00],
    ["a symbol without an instrument", {}, at(0, "market.bars", bar("C", 0, 100_00)), 100_00],
    ["a reference price of 0", {}, at(0, "market.instruments", equity("C")), 0],
    ["a reference price below 0", collar, at(0, "market.instruments", equity("C")), -5],
  ])("%s is denied, whatever the mode", (_, config, event, price) => {
    for (const onBreach of ["deny", "reduce"] as const) {
      const found = verdict({ ...config, onBreach }, event, proposed(["C", 1, price]));
      expect([found.outcome, found.reason]).toEqual(["DENY", "NoReferencePrice"]);
      expect(checkOf(found, "PRICE_COLLAR").passed).toBe(false);
    }
  });

  test("the distance to the collar is rounded up", () => {
    const events = [at(0, "market.bars", bar("A", 0, 100_01)), proposed(["A", 1, 105_00])];
    expect(checkOf(verdict(collar, ...events), "PRICE_COLLAR").measured).toBe(499); // 498.95
  });

  test("without a collar the reference price will do", () => {
    const listed = at(0, "market.instruments", equity("C"));
    expect(verdict({}, listed, proposed(["C", 1, 100_00])).outcome).toBe("PASS");
  });

  test("in reduce mode a bad price stops its own target only", () => {
    const lines = [
      ["A", 1, 200_00],
      ["B", 1, 100_00],
    ] as const;
    const reduced = verdict({ ...collar, onBreach: "reduce" }, proposed(...lines));
    expect([reduced.outcome, quantities(reduced)]).toEqual(["REDUCE", [["B", 1]]]);
    expect(verdict(collar, proposed(...lines)).targets).toEqual([]);
  });

  test("a value is measured at the dearer of reference and last close", () => {
    const config = { maxOrderValueMinor: 1_000_000 };
    const low = verdict(config, proposed(["A", 10, 99_00]));
    const high = verdict(config, proposed(["A", 10, 101_00]));
    const measured = [low, high].map((found) => checkOf(found, "MAX_ORDER_VALUE").measured);
    expect(measured).toEqual([1_000_00, 1_010_00]);
  });

  test("a value too large for a long is written as the greatest long, and fails", () => {
    const config = { maxOrderValueMinor: Number.MAX_SAFE_INTEGER };
    const found = verdict(config, proposed(["A", 2 ** 50, 100_00]));
    expect(checkOf(found, "MAX_ORDER_VALUE").measured).toBe(Number.MAX_SAFE_INTEGER);
    expect(found.outcome).toBe("DENY");
  });

  test("refuses money of another currency before it judges it", () => {
    const euro = at(0, "market.instruments", equity("E", { currency: "EUR" }));
    expect(() => verdict({}, euro, proposed(["E", 1, 100]))).toThrow(/E settles in EUR/);
  });
});

describe("commands", () => {
  test.each([
    ["HaltTrading", "HALTED", "TradingHalted", []],
    ["KillTrading", "KILLED", "TradingKilled", []],
    ["FlattenPositions", "FLATTENED", "TradingFlattened", []],
    ["ReduceOnly", "REDUCE_ONLY", "ReduceOnly", [["A", 60]]],
  ] as const)(
    "%s: what gets through of a reduction and an increase",
    (name, state, reason, left) => {
      for (const onBreach of ["deny", "reduce"] as const) {
        const lines = [
          ["A", 60, 100_00],
          ["B", 10, 100_00],
        ] as const;
        const found = verdict({ onBreach }, held("A", 100), told(name), proposed(...lines));
        expect(found).toMatchObject({
          state,
          reason,
          outcome: left.length > 0 ? "REDUCE" : "DENY",
        });
        expect(quantities(found)).toEqual(left);
      }
    },
  );

  test.each([
    [-100, [["A", 0]], "reduce"],
    [-100, [], "deny"],
    [0, [["A", 0]], "deny"],
    [100, [["A", 100]], "deny"],
    [101, [], "reduce"],
  ] as const)("reduce only, from 100 to %d: %j (%s)", (target, left, onBreach) => {
    const found = verdict(
      { onBreach },
      held("A", 100),
      told("ReduceOnly"),
      proposed(["A", target, 100_00]),
    );
    expect(quantities(found)).toEqual(left);
  });

  test("counts from its place in the one order on, until trading is enabled", () => {
    const found = verdicts(
      {},
      proposed(["A", 1, 100_00]),
      told("HaltTrading"),
      proposed(["A", 2, 100_00]),
      told("EnableTrading"),
      proposed(["A", 3, 100_00]),
    );
    expect(found.map(({ outcome }) => outcome)).toEqual(["PASS", "DENY", "PASS"]);
  });

  test("a kill is left by a named EnableTrading only", () => {
    const found = verdicts(
      {},
      told("KillTrading"),
      told("ReduceOnly"),
      told("HaltTrading"),
      told("EnableTrading", { who: " " }),
      proposed(["A", 1, 100_00]),
      told("EnableTrading"),
      proposed(["A", 1, 100_00]),
    );
    expect(found.map(({ outcome, state }) => [outcome, state])).toEqual([
      ["ANSWER", "KILLED"],
      ["DENY", "KILLED"],
      ["PASS", "ACTIVE"],
    ]);
    expect(found[0]?.answer).toBe("EnableTrading by nobody named: it does not name who gave it");
  });

  test("nobody named ends no halt, no latch of a drawdown", () => {
    const nobody = told("EnableTrading", { who: "" });
    const breach = snapshot("A", 0, 899n, 1010);
    const buy = proposed(["A", 1, 100_00]);
    for (const stop of [told("HaltTrading"), told("ReduceOnly"), breach]) {
      const found = verdict({ maxDrawdownBps: 1000 }, stop, nobody, buy);
      expect(found.outcome).toBe("DENY");
    }
  });

  test("commands, proposals and snapshots of another portfolio are not for this gate", () => {
    const other = { portfolio: "other" };
    const events = [
      at(0, "control.commands", command("KillTrading", other)),
      at(0, "portfolio.snapshots", { ...snapshot("A", 500, 1n, 9_999).value, ...other }),
      at(0, "weights.proposals", { ...proposal(["A", 1, 100_00]), ...other }),
      proposed(["A", 1, 100_00]),
    ];
    expect(verdicts({ maxPosition: "1", maxDrawdownBps: 1 }, ...events)).toMatchObject([
      { state: "ACTIVE", outcome: "PASS" },
    ]);
  });

  test.each([
    ["maxPosition", 5, "MAX_POSITION", 5],
    ["maxGrossExposureMinor", 5, "MAX_GROSS_EXPOSURE", 5],
    ["priceCollarBps", 5, "PRICE_COLLAR", 5],
    ["maxOrderValueMinor", 5, "MAX_ORDER_VALUE", 5],
    ["maxDrawdownBps", 5, "MAX_DRAWDOWN", 5],
  ] as const)("SetLimit %s puts a limit in force", (limit, value, name, to) => {
    const [before, set] = verdicts(
      {},
      proposed(["A", 1, 100_00]),
      told("SetLimit", { limit, value }),
      proposed(["A", 1, 100_00]),
    ) as [RiskVerdict, RiskVerdict];
    expect(checkOf(before, name)).toBeUndefined();
    expect(checkOf(set, name).limit).toBe(to);
    expect(set.events.some(({ topic }) => topic === "control.commands")).toBe(true);
  });

  test.each(settableLimits)(
    "SetLimit %s: one tightens, two raise, never past the ceiling",
    (limit) => {
      const people = { ann: ["limits"], bob: ["limits"], carl: ["enable"] } as const;
      const isOwn = Object.hasOwn(off, limit);
      const value = limit === "maxPosition" ? "100" : 100;
      const config: RiskConfig = {
        ...off,
        ...(isOwn ? { [limit]: value } : {}),
        proposals: {
          ...noProposalLimits,
          sectors: { A: "tech" },
          benchmark: "A",
          ...(isOwn ? {} : { [limit]: value }),
        },
        ceilings: { [limit]: 200 },
      };
      const asked: readonly [who: string, to: number | null][] = [
        ["carl", 50],
        ["ann", 60],
        ["ann", 70],
        ["Ann ", 70],
        ["bob", 80],
        ["ann", 80],
        ["bob", 201],
        ["bob", null],
        ["ann", 200],
        ["bob", 200],
      ];
      const gate = riskGate(config, { ...portfolio, people });
      let state = gate.initial();
      const inForce = asked.map(([who, to]) => {
        const set = told("SetLimit", { limit, value: to, who });
        state = gate.evolve(state, set);
        const [found] = gate.decide(state, set);
        return [state.commanded[limit] ?? 100, found?.value.reason ?? "NONE"];
      });
      expect(inForce).toEqual([
        [100, "CommandRefused"],
        [60, "NONE"],
        [60, "SecondPersonNeeded"],
        [60, "SecondPersonNeeded"],
        [60, "SecondPersonNeeded"],
        [80, "NONE"],
        [80, "CommandRefused"],
        [80, "CommandRefused"],
        [80, "SecondPersonNeeded"],
        [200, "NONE"],
      ]);
    },
  );

  test("the second person has a day; what is configured off may be set and taken off again by two", () => {
    const gate = riskGate(off, portfolio);
    let state = gate.initial();
    const set = (timeUs: number, who: string, value: number | null) => {
      const changes = { limit: "maxOrderValueMinor", value, who };
      const event = at(timeUs, "control.commands", command("SetLimit", changes));
      state = gate.evolve(state, event);
      return state.commanded.maxOrderValueMinor;
    };
    const dayUs = 86_400_000_000;
    expect(set(0, "ann", 5)).toBe(5);
    expect(set(1, "ann", 9)).toBe(5);
    expect(set(2 + dayUs, "bob", 9)).toBe(5);
    expect(set(3 + dayUs, "ann", 9)).toBe(9);
    expect(set(4 + dayUs, "ann", null)).toBe(9);
    expect(set(5 + dayUs, "bob", null)).toBe(null);
  });

  test.each([
    [{ limit: "maxPostion", value: 1 }, /no limit maxPostion; the limits are maxPosition, /],
    [{ limit: null, value: 1 }, /no limit \(none named\)/],
    [{ limit: "maxPosition", value: -1 }, /maxPosition may not be -1/],
    [{ limit: "onBreach", value: 1 }, /no limit onBreach/],
    [{ limit: "__proto__", value: 1 }, /no limit __proto__/],
    [{ limit: "maxBetaBps", value: 1 }, /needs risk.benchmark/],
    [{ limit: "maxPosition", value: 1, who: " " }, /does not name who gave it/],
  ])("SetLimit of %j is answered in words, and trading goes on", (changes, message) => {
    const found = verdicts({}, told("SetLimit", changes), proposed(["A", 1, 100_00]));
    expect(found.map(({ outcome }) => outcome)).toEqual(["ANSWER", "PASS"]);
    expect(found[0]).toMatchObject({ reason: "CommandRefused", targets: [], checks: [] });
    expect(found[0]?.answer).toMatch(message);
  });

  test("an override of no check, or without a symbol, is answered", () => {
    const wrong = [
      { limit: "PRICE_COLLARS", symbol: "A", value: 900, untilUs: 9 },
      { limit: "PRICE_COLLAR", value: 900, untilUs: 9 },
      { limit: "PRICE_COLLAR", symbol: "A", untilUs: 9 },
      { limit: "PRICE_COLLAR", symbol: "A", value: 900 },
    ];
    for (const changes of wrong) {
      expect(verdict({}, told("RequestOverride", changes)).outcome).toBe("ANSWER");
    }
    expect(
      verdicts(
        {},
        told("RequestOverride", { limit: "PRICE_COLLAR", symbol: "A", value: 900, untilUs: 9 }),
      ),
    ).toEqual([]);
  });
});

describe("the age of prices", () => {
  const old = (ageUs: number, target: number) =>
    verdict(
      { maxPriceAgeUs: 60, onBreach: "reduce" },
      held("A", 100),
      at(ageUs, "weights.proposals", proposal(["A", target, 100_00])),
    );

  test("adds nothing on a close that is too old, and lets go of what is held", () => {
    expect(old(60, 110).outcome).toBe("PASS");
    expect(old(61, 110)).toMatchObject({ outcome: "DENY", reason: "PriceTooOld" });
    expect(checkOf(old(61, 110), "PRICE_AGE")).toMatchObject({ limit: 60, measured: 61 });
    expect([old(61, 40).outcome, quantities(old(61, -40))]).toEqual(["PASS", [["A", 0]]]);
  });
});

describe("drawdown", () => {
  const config = { maxDrawdownBps: 1000, onBreach: "reduce" } as const;
  const buy = proposed(["A", 110, 100_00]);
  const sell = proposed(["A", 90, 100_00]);
  const breach = snapshot("A", 100, 899n, 1010);

  test("a breach latches reduce-only, also after the loss is made good", () => {
    const recovered = snapshot("A", 100, 1000n, 0);
    const found = verdicts(config, breach, buy, recovered, buy, sell);
    const outcomes = found.map(({ outcome, reason, state }) => [outcome, reason, state]);
    expect(outcomes).toEqual([
      ["DENY", "MaxDrawdownExceeded", "REDUCE_ONLY"],
      ["DENY", "MaxDrawdownExceeded", "REDUCE_ONLY"],
      ["PASS", "NONE", "REDUCE_ONLY"],
    ]);
    expect(found.map((one) => checkOf(one, "MAX_DRAWDOWN").passed)).toEqual([false, true, true]);
  });

  test("the peak before anything was lost is the portfolio's own", () => {
    expect(verdict(config, snapshot("A", 100, 900n, 1000), buy).outcome).toBe("PASS");
  });

  test("enabled while the loss stands, it counts from the equity at that moment", () => {
    const events = [breach, told("EnableTrading")];
    const at900 = [...events, snapshot("A", 100, 900n, 1000)]; // a new peak
    expect(verdict(config, ...events, buy)).toMatchObject({ outcome: "PASS", state: "ACTIVE" });
    expect(verdict(config, ...at900, snapshot("A", 100, 810n, 1900), buy).outcome).toBe("PASS");
    const again = verdict(config, ...at900, snapshot("A", 100, 809n, 1910), buy);
    expect(checkOf(again, "MAX_DRAWDOWN")).toMatchObject({ measured: 1012, passed: false });
    expect(again).toMatchObject({ outcome: "DENY", state: "REDUCE_ONLY" });
  });

  test("enabling without a breach keeps the old peak", () => {
    const events = [snapshot("A", 100, 950n, 500), told("HaltTrading"), told("EnableTrading")];
    const found = verdict(config, ...events, breach, buy);
    expect(found).toMatchObject({ outcome: "DENY", state: "REDUCE_ONLY" });
  });

  test("reduce-only by command, after a breach and a halt, is the command's", () => {
    const found = verdict(config, breach, told("HaltTrading"), told("ReduceOnly"), buy);
    expect([found.state, found.reason]).toEqual(["REDUCE_ONLY", "ReduceOnly"]);
  });

  test("a halt is not loosened by a breach", () => {
    expect(verdict(config, told("HaltTrading"), breach, sell).state).toBe("HALTED");
  });

  test("a lower limit latches at once", () => {
    const lower = told("SetLimit", { limit: "maxDrawdownBps", value: 499 });
    const raised = told("SetLimit", { limit: "maxDrawdownBps", value: 1000 });
    const found = verdict(config, snapshot("A", 0, 950n, 500), lower, raised, buy);
    expect(found.state).toBe("REDUCE_ONLY");
  });
});

describe("a fork: another configuration over the state that was kept", () => {
  const before: RiskConfig = { ...off, maxPosition: "500", maxOrderValueMinor: 1_000_000_00 };
  const judged = (after: RiskConfig, ...events: readonly Event[]): RiskVerdict => {
    const [kept, forked] = [riskGate(before, portfolio), riskGate(after, portfolio)];
    let state = [...market, ...events].reduce(kept.evolve, kept.initial());
    const last = proposed(["A", 400, 100_00]);
    state = forked.evolve(state, last);
    return (forked.decide(state, last)[0] as { value: RiskVerdict }).value;
  };

  test("its limits count from its first proposal on", () => {
    expect(judged({ ...before, maxPosition: "399" }).reason).toBe("MaxPositionExceeded");
    expect(judged({ ...before, maxPosition: null }).outcome).toBe("PASS");
  });

  test("a limit set by command stands before it", () => {
    const set = told("SetLimit", { limit: "maxPosition", value: 300 });
    expect(judged({ ...before, maxPosition: "1000" }, set).reason).toBe("MaxPositionExceeded");
  });

  test("a lower drawdown limit latches, even if nothing was marked since", () => {
    const loss = snapshot("A", 0, 950n, 500);
    const found = judged({ ...before, maxDrawdownBps: 499 }, loss);
    expect([found.state, found.reason]).toEqual(["REDUCE_ONLY", "MaxDrawdownExceeded"]);
  });
});

test("a maxPosition that is no number is refused when the gate is made", () => {
  expect(() => riskGate({ ...off, maxPosition: "many" }, portfolio)).toThrow(/maxPosition is many/);
});

test("a proposal without targets passes without a check", () => {
  expect(verdict({ maxGrossExposureMinor: 1 }, proposed())).toMatchObject({
    outcome: "PASS",
    checks: [],
  });
});

describe("any proposal in any circumstances", () => {
  const small = fc.integer({ min: -30, max: 30 });
  const line = fc.tuple(
    fc.constantFrom("A", "B", "C"),
    small,
    fc.integer({ min: 80_00, max: 120_00 }),
  );
  const event = fc.oneof(
    fc.array(line, { maxLength: 3 }).map((lines) => proposed(...lines)),
    fc
      .tuple(fc.constantFrom("A", "B", "C"), small, fc.nat(2000))
      .map(([symbol, quantity, bps]) => snapshot(symbol, quantity, 10_000n - BigInt(bps), bps)),
    fc
      .constantFrom("HaltTrading", "ReduceOnly", "KillTrading", "EnableTrading", "EnableTrading")
      .map((name) => told(name as "HaltTrading")),
    fc
      .tuple(fc.constantFrom("A", "B"), fc.integer({ min: 90_00, max: 110_00 }))
      .map(([symbol, close]) => at(0, "market.bars", bar(symbol, 0, close))),
  );
  const limit = (max: number) => fc.option(fc.nat(max), { freq: 2 });
  const config = fc.record<RiskConfig>({
    maxPosition: limit(20).map((value) => (value === null ? null : String(value))),
    maxGrossExposureMinor: limit(4_000_00),
    priceCollarBps: limit(1500),
    maxOrderValueMinor: limit(2_000_00),
    maxDrawdownBps: limit(1500),
    onBreach: fc.constantFrom("reduce", "deny"),
  });

  test("outcome, reason, checks and targets agree, and nothing let through is past a limit", () => {
    fc.assert(
      fc.property(config, fc.array(event, { maxLength: 25, size: "max" }), (limits, events) => {
        const positions = new Map<string, number>();
        const closes = new Map([
          ["A", 100_00],
          ["B", 100_00],
        ]);
        const subject = given(riskGate(limits, portfolio), ...market);
        for (const next of events) {
          if (next.topic === "portfolio.snapshots") {
            positions.set(next.value.symbol, next.value.quantity);
          } else if (next.topic === "market.bars") closes.set(next.value.symbol, next.value.close);
          const emits = subject.when(next);
          if (next.topic !== "weights.proposals") {
            // By itself it only ends what adds risk, on a breach.
            for (const { value: found } of emits) {
              expect([found.outcome, found.state]).toEqual(["REDUCE", "REDUCE_ONLY"]);
              for (const { symbol, quantity } of found.targets) {
                const position = positions.get(symbol) ?? 0;
                expect(Math.abs(quantity)).toBeLessThanOrEqual(Math.abs(position));
                expect(quantity * position).toBeGreaterThanOrEqual(0);
              }
            }
            continue;
          }
          const { value: found } = emits[0] as (typeof emits)[0];
          const failed = found.checks.filter(({ passed }) => !passed);
          expect(found.outcome === "PASS").toBe(failed.length === 0);
          expect(found.reason === "NONE").toBe(failed.length === 0);
          if (found.outcome === "DENY") expect(found.targets).toEqual([]);
          if (found.outcome === "REDUCE") expect(found.targets).not.toEqual([]);
          if (found.state === "HALTED" || found.state === "KILLED") {
            expect(next.value.targets.length === 0 || found.outcome === "DENY").toBe(true);
          }
          for (const { symbol, quantity, referencePrice, weight } of found.targets) {
            expect(weight).toSatisfy(Number.isFinite);
            const position = positions.get(symbol) ?? 0;
            const reducing =
              Math.sign(quantity) * Math.sign(position) >= 0 &&
              Math.abs(quantity) <= Math.abs(position);
            const close = closes.get(symbol);
            const price = Math.max(referencePrice, close ?? 0);
            if (found.state !== "ACTIVE") expect(reducing).toBe(true);
            if (limits.maxPosition !== null && !reducing) {
              expect(Math.abs(quantity)).toBeLessThanOrEqual(Number(limits.maxPosition));
            }
            if (limits.maxOrderValueMinor !== null) {
              const value = Math.abs(quantity - position) * price;
              expect(value).toBeLessThanOrEqual(limits.maxOrderValueMinor);
            }
            if (limits.priceCollarBps !== null) {
              const apart = Math.abs(referencePrice - (close as number)) * 10_000;
              expect(apart).toBeLessThanOrEqual(limits.priceCollarBps * (close as number));
            }
            if (limits.maxGrossExposureMinor !== null && !reducing) {
              const own = found.targets.reduce(
                (sum, one) =>
                  sum +
                  Math.abs(one.quantity) *
                    Math.max(one.referencePrice, closes.get(one.symbol) ?? 0),
                0,
              );
              expect(own).toBeLessThanOrEqual(limits.maxGrossExposureMinor);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("every reason, check, outcome, state and unit was produced above", () => {
  // What checks of whole proposals and overlays produce is counted in proposals.unit.spec.ts, what those of certificates
  // do in certificates.unit.spec.ts.
  const elsewhere = [...proposalNames, ...certificateNames];
  for (const set of [seen.reasons, seen.checks, seen.outcomes, units]) {
    for (const name of elsewhere) expect(set).not.toContain(name);
    for (const name of elsewhere) set.add(name);
  }
  const missing = [
    ...riskReasonSymbols.filter((reason) => !seen.reasons.has(reason)),
    ...riskCheckNameSymbols.filter((check) => !seen.checks.has(check)),
    ...riskOutcomeSymbols.filter((outcome) => !seen.outcomes.has(outcome)),
    ...tradingStateSymbols.filter((state) => !seen.states.has(state)),
    ...riskUnitSymbols.filter((unit) => !units.has(unit)),
  ];
  expect(missing).toEqual([]);
});
