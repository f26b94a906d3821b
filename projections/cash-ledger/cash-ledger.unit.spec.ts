import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notionalMinor } from "../../schemas/values/money.ts";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { eventsOf, fill, fold } from "../../streams/testing/tape.ts";
import { balanceOf, cashLedger, entriesOf, trialBalance } from "./cash-ledger.ts";

const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 10_000_000n };
const { projection, rows } = cashLedger(account);
const instruments = [
  equity("IBM"),
  equity("ES", { multiplier: 50 }),
  equity("BTC", { priceScale: 3, quantityScale: 5 }),
];

const fills = fc.array(
  fc.record({
    which: fc.integer({ min: 0, max: instruments.length - 1 }),
    quantity: fc.integer({ min: -90_000, max: 90_000 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 1, max: 5_000_000 }),
    fee: fc.bigInt({ min: 0n, max: 5_000n }),
  }),
);

describe("the cash ledger", () => {
  test("books capital, securities at cost, realised profit and fees", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("fills", fill(100, 18_000, { fee: 100n })),
        emit("fills", fill(-40, 18_500, { fee: 60n })),
      ]),
    );
    expect(rows(state)).toEqual([
      { portfolio: "main", account: "cash", debit: "89398.40", credit: null, currency: "USD" },
      { portfolio: "main", account: "capital", debit: null, credit: "100000.00", currency: "USD" },
      {
        portfolio: "main",
        account: "securities",
        debit: "10800.00",
        credit: null,
        currency: "USD",
      },
      { portfolio: "main", account: "fees", debit: "1.60", credit: null, currency: "USD" },
      { portfolio: "main", account: "realised", debit: null, credit: "200.00", currency: "USD" },
    ]);
  });

  test("every fill's entries and every trial balance sum to zero; cash is what was paid", () => {
    fc.assert(
      fc.property(fills, (list) => {
        let state = fold(
          projection,
          eventsOf(instruments.map((one) => emit("market.instruments", one))),
        );
        let cash = account.initialCashMinor;
        for (const { which, quantity, price, fee } of list) {
          const traded = instruments[which] as (typeof instruments)[number];
          const report = fill(quantity, price, { symbol: traded.symbol, fee });
          const held = state.holdings.get(`main\n${traded.symbol}`) ?? { quantity: 0, cost: 0n };
          const sum = entriesOf(report, traded, held).reduce((all, one) => all + one.amount, 0n);
          expect(sum).toBe(0n);
          state = fold(projection, eventsOf([emit("fills", report)]), state);
          expect(trialBalance(state)).toBe(0n);
          cash -= notionalMinor(price, quantity, traded) + fee;
          expect(balanceOf(state, "main", "USD", "cash")).toBe(cash);
          const costs = [...state.holdings.values()].reduce((all, one) => all + one.cost, 0n);
          expect(balanceOf(state, "main", "USD", "securities")).toBe(costs);
        }
      }),
    );
  });

  test("another currency has books of its own, which sum to zero too", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("SONY", { currency: "JPY", currencyScale: 0 })),
        emit("fills", fill(10, 250_000, { symbol: "SONY", fee: 3n })),
      ]),
    );
    expect(balanceOf(state, "main", "JPY", "cash")).toBe(-25_003n);
    expect(balanceOf(state, "main", "USD", "cash")).toBe(10_000_000n);
    expect(trialBalance(state)).toBe(0n);
  });
});
