// A breach reaches what works already: the risk gate's own verdict ends it at the router, an algorithm's children too.

import { describe, expect, test } from "vitest";
import type { Order } from "../schemas/generated/orders.ts";
import type { EventOf } from "../streams/event.ts";
import {
  bar,
  command,
  filled,
  MINUTE_US,
  proposal,
  type TargetLine,
} from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { marketOrders } from "./market-orders.spec.ts";
import { orderRouter } from "./order-router/order-router.ts";
import type { AlgorithmConfig } from "./orders-config.ts";
import type { ProposalLimits, RiskConfig } from "./risk-config.ts";
import { noProposalLimits } from "./risk-gate/limits.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
import { marked, off, portfolio } from "./risk-gate/testing/gate-settings.ts";

const twap: AlgorithmConfig = {
  schedule: { method: "TWAP", overUs: 4 * MINUTE_US, slices: 4 },
  maxChildren: 100,
  leftover: "SWEEP",
};

type Told = EventOf<
  | "weights.proposals"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "control.commands"
  | "fills"
>;

/** What the router asks for, event by event, where its verdicts are the gate's. */
function orders(
  config: Partial<RiskConfig>,
  limits: Partial<ProposalLimits>,
  algorithm: AlgorithmConfig | null,
  events: readonly Told[],
): Order[][] {
  const proposals = { ...noProposalLimits, ...limits };
  const gate = riskGate({ ...off, ...config, proposals, onBreach: "reduce" }, portfolio);
  const router = orderRouter(
    {
      ...marketOrders,
      type: "LIMIT",
      ...(algorithm === null ? {} : { algorithm }),
    },
    portfolio,
  );
  let [judged, routed] = [gate.initial(), router.initial()];
  return events.map((event) => {
    const asked: Order[] = [];
    const toRouter = (one: Parameters<typeof router.evolve>[1]): void => {
      routed = router.evolve(routed, one);
      asked.push(...router.decide(routed, one).map(({ value }) => value));
    };
    if (event.topic !== "fills") {
      judged = gate.evolve(judged, event);
      for (const { value } of gate.decide(judged, event)) {
        toRouter(at(event.timeUs, "risk.verdicts", value));
      }
    }
    if (event.topic !== "weights.proposals" && event.topic !== "portfolio.snapshots") {
      toRouter(event);
    }
    return asked;
  });
}

const list = (symbol: string) => at(0, "market.instruments", equity(symbol));
const minute = (end: number) =>
  at(end * MINUTE_US, "market.bars", bar("A", end * MINUTE_US, 100_00));
const asked = (end: number, ...lines: readonly TargetLine[]) =>
  at(end * MINUTE_US, "weights.proposals", proposal(...lines));
const bought = (end: number, id: number, quantity: number, leavesQuantity = 0) =>
  at(end * MINUTE_US, "fills", filled(id, "A", quantity, 100_00, { leavesQuantity }));
const worth = (end: number, quantity: number, equityMinor: bigint, drawdownBps: number) =>
  marked(end * MINUTE_US, "A", quantity, equityMinor, drawdownBps);
const brief = (found: readonly Order[]) =>
  found.map(({ action, side, quantity }) => `${action} ${side} ${quantity}`);

describe("a breach ends what is approved and adds risk", () => {
  const before = [
    list("A"),
    minute(0),
    worth(0, 0, 1_000_000_00n, 0),
    asked(0, ["A", 400, 100_00]),
  ];
  /** The first child of 400 executes, then equity falls by 6 %. */
  const loss = [minute(1), bought(1, 1, 100), worth(1, 100, 940_000_00n, 600)];
  /** The second child was due with the bar before the loss was known. */
  const untilBreach = ["NEW BUY 100", "NEW BUY 100", "CANCEL BUY 100"];
  const later = [minute(2), minute(3), minute(4), minute(5)];

  test.each([
    ["a drawdown", { maxDrawdownBps: 500 }, {}],
    ["the loss of a day", {}, { maxDailyLossBps: 500 }],
    ["the loss of a week", {}, { maxWeeklyLossBps: 500 }],
  ] as const)("%s: an algorithm sends no further child", (_, config, limits) => {
    const events = [...before, ...loss, ...later];
    const found = orders(config, limits, twap, events).flatMap(brief);
    expect(found).toEqual(untilBreach);
    const without = orders({}, {}, twap, events).flatMap(brief);
    expect(without.length).toBeGreaterThan(3);
  });

  test("a working order is cancelled down to what is held", () => {
    const partly = [bought(1, 1, 100, 300), worth(1, 100, 940_000_00n, 600)];
    const found = orders({ maxDrawdownBps: 500 }, {}, null, [...before, ...partly]);
    expect(brief(found.at(-1) ?? [])).toEqual(["CANCEL BUY 300"]);
  });

  test("a lower limit by command does the same", () => {
    const set = command("SetLimit", { limit: "maxDrawdownBps", value: 500 });
    const events = [...before, ...loss, at(MINUTE_US, "control.commands", set), ...later];
    expect(orders({}, {}, twap, events).flatMap(brief)).toEqual(untilBreach);
  });

  test("what reduces goes on, and what went through zero ends there", () => {
    const held = [list("A"), minute(0), worth(0, 400, 1_000_000_00n, 0), bought(0, 9, 400)];
    const fall = worth(1, 400, 940_000_00n, 600);
    const ended = (target: number) =>
      orders({ maxDrawdownBps: 500 }, {}, null, [...held, asked(0, ["A", target, 100_00]), fall])
        .slice(-2)
        .map(brief);
    expect(ended(100)).toEqual([["NEW SELL 300"], []]);
    expect(ended(-200)).toEqual([["NEW SELL 600"], ["CANCEL SELL 600"]]);
  });
});

describe("a drawdown's second stage", () => {
  const config = { maxDrawdownBps: 500, drawdownReduceToBps: 5_000 };
  const held = [list("A"), minute(0), worth(0, 401, 1_000_000_00n, 0), bought(0, 9, 401)];
  const fall = worth(1, 401, 940_000_00n, 600);

  test("cuts each position to its share, and holds it there until trading is enabled", () => {
    const enable = at(4 * MINUTE_US, "control.commands", command("EnableTrading"));
    const found = orders(config, {}, null, [
      ...held,
      fall,
      asked(1, ["A", 500, 100_00]),
      bought(2, 1, -201),
      worth(2, 200, 930_000_00n, 700),
      asked(3, ["A", 500, 100_00]),
      asked(3, ["A", 150, 100_00]),
      bought(3, 2, -50),
      worth(3, 150, 930_000_00n, 700),
      enable,
      asked(5, ["A", 200, 100_00]),
    ]);
    expect(found.slice(held.length).map(brief)).toEqual([
      ["NEW SELL 201"],
      [],
      [],
      [],
      [],
      ["NEW SELL 50"],
      [],
      [],
      [],
      ["NEW BUY 50"],
    ]);
  });

  test("what a restricted list forbids is not sold, not at the last stage either", () => {
    const until = { untilUs: 10 * MINUTE_US };
    for (const overlay of ["RESTRICTED", "RESTRICTED_BUYS"] as const) {
      const set = command("SetOverlay", { overlay, symbol: "A", ...until });
      const events = [...held, at(1, "control.commands", set), fall];
      const found = orders({}, { drawdownCloseBps: 500 }, null, events).at(-1);
      expect(brief(found ?? [])).toEqual(overlay === "RESTRICTED" ? [] : ["NEW SELL 401"]);
    }
  });
});
