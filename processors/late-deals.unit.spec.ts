// Executions that are heard of after a corporate action they came before: split, dividend, change of symbol, delisting.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import {
  bar,
  delisted,
  dividend,
  filled,
  MINUTE_US,
  renamed,
  split,
} from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { marketOrders } from "./market-orders.spec.ts";
import { orderRouter } from "./order-router/order-router.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";

const M = MINUTE_US;
const main = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_00n };
const router = orderRouter(marketOrders, main);

interface Heard {
  readonly heardUs: number;
  readonly report: ExecutionReport;
}
interface Acted {
  readonly timeUs: number;
  readonly action: CorporateAction;
}

/** Actions and bars in their time, reports when they are heard, in the order they were made in. */
function play(heard: readonly Heard[], actions: readonly Acted[], bars: readonly number[]) {
  const projector = portfolioProjector(main);
  let projected = projector.initial();
  let routed = router.initial();
  const events = [
    ...actions.map(({ timeUs, action }) => at(timeUs, "market.corporate-actions", action)),
    ...bars.map((timeUs, i) => at(timeUs, "market.bars", bar("A", timeUs, 7_000 + 13 * i))),
    ...heard.map(({ heardUs, report }) => at(heardUs, "fills", report)),
  ].sort((a, b) => a.timeUs - b.timeUs);
  for (const event of [at(0, "market.instruments", equity("A")), ...events]) {
    projected = projector.evolve(projected, event);
    if (event.topic !== "market.bars") routed = router.evolve(routed, event);
  }
  const held = (symbol: string) => ({
    projected: projected.positions.get(symbol)?.held.holding.quantity ?? 0,
    routed: routed.books.get(symbol)?.position ?? 0,
  });
  const { equity: worth, cash, realised, fees } = projected;
  return { worth, cash, realised, fees, A: held("A"), B: held("B") };
}

const actionsOf: fc.Arbitrary<readonly Acted[]> = fc
  .array(
    fc.oneof(
      fc.constantFrom(split("A", 7, 1), split("A", 1, 20), split("A", 3, 2)),
      fc.integer({ min: 1, max: 300 }).map((amount) => dividend("A", amount)),
    ),
    { maxLength: 3 },
  )
  .chain((list) =>
    fc.constantFrom(null, renamed("A", "B"), delisted("A", 6_400)).map((last) =>
      [...list, ...(last === null ? [] : [last])].map((action, i) => ({
        timeUs: (5 + 4 * i) * M,
        action,
      })),
    ),
  );

const deals = fc.array(
  fc.record({
    minute: fc.integer({ min: 1, max: 24 }),
    quantity: fc.integer({ min: -60, max: 60 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 5_000, max: 9_000 }),
    delay: fc.integer({ min: 0, max: 12 }),
  }),
  { maxLength: 12 },
);

test("a deal comes to the same money and the same quantity, however late it is heard of", () => {
  fc.assert(
    fc.property(deals, actionsOf, (list, actions) => {
      const ends = actions.find(({ action }) => action.newSymbol !== "" || action.finalPrice);
      const sorted = [...list]
        .sort((a, b) => a.minute - b.minute)
        .filter(({ minute }) => ends === undefined || minute * M < ends.timeUs);
      const reports = sorted.map(({ minute, quantity, price }, i) =>
        filled(i + 1, "A", quantity, price, { execId: i + 1, tradeUs: minute * M, fee: 7n }),
      );
      let last = 0;
      const late = reports.map((report, i) => {
        const delay = sorted[i]?.delay ?? 0;
        last = Math.max(last, report.tradeUs + delay * M + 2);
        return { heardUs: last, report };
      });
      const inTime = reports.map((report) => ({ heardUs: report.tradeUs + 2, report }));
      const bars = [0, 2, 4].map((each) => each * M + 1);
      const [now, later] = [play(inTime, actions, bars), play(late, actions, bars)];
      expect([later.cash, later.fees, later.A, later.B]).toEqual([
        now.cash,
        now.fees,
        now.A,
        now.B,
      ]);
      expect(later.A.routed).toBe(later.A.projected);
      expect(later.B.routed).toBe(later.B.projected);
    }),
    { numRuns: 400 },
  );
});

test("equity is what it would have been, once the next price is known", () => {
  const bought = filled(1, "A", 8_364, 64_557, { execId: 1, tradeUs: M });
  const actions = [{ timeUs: 2 * M, action: split("A", 7, 1) }];
  const bars = [M, 4 * M];
  const inTime = play([{ heardUs: M + 1, report: bought }], actions, bars);
  const late = play([{ heardUs: 3 * M, report: bought }], actions, bars);
  expect(late).toEqual(inTime);
  expect(late.A).toEqual({ projected: 58_548, routed: 58_548 });
});

test("a trade that is busted after an action it came before leaves nothing behind", () => {
  const bought = filled(1, "A", 9, 7_000, { execId: 1, tradeUs: M, fee: 3n });
  const bust = { ...bought, execType: "TRADE_CANCEL", execId: 2, refExecId: 1 } as const;
  for (const action of [
    split("A", 1, 20),
    split("A", 7, 1),
    dividend("A", 50),
    renamed("A", "B"),
  ]) {
    const heard = [
      { heardUs: M + 1, report: bought },
      { heardUs: 3 * M, report: bust },
    ];
    const found = play(heard, [{ timeUs: 2 * M, action }], [M]);
    expect(found).toMatchObject({
      cash: 100_000_00n,
      worth: 100_000_00n,
      A: { projected: 0, routed: 0 },
      B: { projected: 0, routed: 0 },
    });
  }
});
