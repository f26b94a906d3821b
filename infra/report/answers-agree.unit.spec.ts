// The portfolio's own snapshots and the answers folded from executions are two paths to the same
// totals; they must agree to the last minor unit at every event.
import fc from "fast-check";
import { expect, test } from "vitest";
import { portfolioProjector } from "../../processors/portfolio-projector/portfolio-projector.ts";
import type { Row } from "../../projections/answer.ts";
import { answersOf } from "../../projections/answers.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { type AnyEvent, emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, eventsOf, fill, fold, START_US } from "../../streams/testing/tape.ts";

const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 1_000_000n };
const instruments = [
  equity("IBM"),
  equity("ES", { multiplier: 50 }),
  equity("BTC", { priceScale: 3, quantityScale: 5 }),
];

const happenings = fc.array(
  fc.record({
    which: fc.integer({ min: 0, max: instruments.length - 1 }),
    isBar: fc.boolean(),
    quantity: fc.integer({ min: -50_000, max: 50_000 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 1, max: 900_000 }),
    fee: fc.bigInt({ min: 0n, max: 900n }),
  }),
  { maxLength: 60 },
);

/** An answer's rows as it goes along; null where it is not registered. */
function asking(name: string) {
  const answer = answersOf(account).find(({ projection }) => projection.name === name);
  if (answer === undefined) return null;
  let state = answer.projection.initial();
  return (event: AnyEvent): readonly Row[] => {
    state = fold(answer.projection, [event], state);
    return answer.rows(state);
  };
}

const minor = (cell: Row[string] | undefined): bigint => BigInt(parseScaled(String(cell), 2) ?? 0);

const sum = (rows: readonly Row[], column: string): bigint =>
  rows.reduce((total, row) => total + minor(row[column]), 0n);

function checkLedger(rows: readonly Row[], value: PortfolioSnapshot): void {
  const balance = (name: string): bigint => {
    const row = rows.find(({ account }) => account === name);
    return row === undefined ? 0n : row.debit === null ? -minor(row.credit) : minor(row.debit);
  };
  expect(
    sum(
      rows.filter((row) => row.debit !== null),
      "debit",
    ),
  ).toBe(
    sum(
      rows.filter((row) => row.credit !== null),
      "credit",
    ),
  );
  expect(balance("cash")).toBe(value.cash);
  expect(balance("fees")).toBe(value.fees);
  expect(-balance("realised") - balance("fees")).toBe(value.realisedPnl);
}

function checkPositions(rows: readonly Row[], value: PortfolioSnapshot): void {
  expect(value.cash + sum(rows, "marketValue")).toBe(value.equity);
  expect(sum(rows, "marketValue")).toBe(value.netExposure);
  expect(sum(rows, "realised")).toBe(value.realisedPnl);
  expect(account.initialCashMinor + sum(rows, "realised") + sum(rows, "unrealised")).toBe(
    value.equity,
  );
}

test("positions and ledger equal the portfolio's snapshots exactly at every event", () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const projector = portfolioProjector(account);
      let portfolio = projector.initial();
      const positions = asking("positions");
      const ledger = asking("cash-ledger");
      const facts = list.map(({ which, isBar, quantity, price, fee }, index) => {
        const symbol = instruments[which]?.symbol as string;
        return isBar
          ? emit("market.bars", bar(symbol, START_US + index, price))
          : emit("fills", fill(quantity, price, { symbol, fee }));
      });
      const known = instruments.map((one) => emit("market.instruments", one));
      for (const event of eventsOf([...known, ...facts]) as readonly AnyEvent[]) {
        const held = positions?.(event) ?? null;
        const booked = ledger?.(event) ?? null;
        portfolio = projector.evolve(portfolio, event as never);
        for (const { value } of projector.decide(portfolio, event as never)) {
          if (held !== null) checkPositions(held, value);
          if (booked !== null) checkLedger(booked, value);
        }
      }
    }),
  );
});
