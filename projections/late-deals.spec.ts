// Executions that are heard of in time, or after the corporate action that follows them: for tests of answers that
// must earn the same either way.

import fc from "fast-check";
import { expect } from "vitest";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { EventOf } from "../streams/event.ts";
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

const M = MINUTE_US;

export const account = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 10_000_000n,
};

type Heard = EventOf<"market.instruments" | "market.bars" | "market.corporate-actions" | "fills">;

interface Told {
  readonly heardUs: number;
  readonly report: ExecutionReport;
}

const eventsOf = (told: readonly Told[], action: CorporateAction): readonly Heard[] =>
  [
    at(0, "market.instruments", equity("A")),
    at(1, "market.bars", bar("A", 1, 7_013)),
    at(3 * M, "market.corporate-actions", action),
    ...told.map(({ heardUs, report }) => at(heardUs, "fills", report)),
  ].sort((a, b) => a.timeUs - b.timeUs);

const deals = fc.array(
  fc.record({
    quantity: fc.integer({ min: -90, max: 90 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 5_000, max: 9_000 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const actions = fc.constantFrom(
  split("A", 7, 1),
  split("A", 1, 20),
  split("A", 3, 2),
  dividend("A", 41),
  renamed("A", "B"),
  delisted("A", 6_000),
);

/** Holds what `answer` makes of a history against what it makes of the same one, some of it heard late. */
export function expectAlikeHowLate(answer: (events: readonly Heard[]) => unknown): void {
  fc.assert(
    fc.property(deals, actions, fc.nat({ max: 6 }), (list, action, told) => {
      const heard = (isLate: boolean): readonly Told[] =>
        list.map(({ quantity, price }, i) => ({
          heardUs: M + i + (isLate && i >= told ? 5 * M : 0),
          report: filled(i + 1, "A", quantity, price, { execId: i + 1, tradeUs: M + i, fee: 7n }),
        }));
      expect(answer(eventsOf(heard(true), action))).toEqual(answer(eventsOf(heard(false), action)));
    }),
    { numRuns: 300 },
  );
}
