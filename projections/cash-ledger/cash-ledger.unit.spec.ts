import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notionalMinor } from "../../schemas/values/money.ts";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { eventsOf, fill, fold } from "../../streams/testing/tape.ts";
import { balanceOf, postEvent, trialBalance } from "../ledger.ts";
import { cashLedger } from "./cash-ledger.ts";

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
        const state = fold(
          projection,
          eventsOf(instruments.map((one) => emit("market.instruments", one))),
        );
        let cash = account.initialCashMinor;
        for (const { which, quantity, price, fee } of list) {
          const traded = instruments[which] as (typeof instruments)[number];
          const report = fill(quantity, price, { symbol: traded.symbol, fee });
          const [event] = eventsOf([emit("fills", report)]);
          const [posted] = postEvent(state, event as NonNullable<typeof event>);
          expect((posted?.entries ?? []).reduce((all, one) => all + one.amount, 0n)).toBe(0n);
          expect(trialBalance(state)).toBe(0n);
          cash -= notionalMinor(price, quantity, traded) + fee;
          expect(balanceOf(state, "main", "USD", "cash")).toBe(cash);
          const costs = [...state.holdings.values()].reduce(
            (all, one) => all + one.holding.cost,
            0n,
          );
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

describe("a report", () => {
  const told = (...reports: Parameters<typeof fill>[]) =>
    fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        ...reports.map((report) => emit("fills", fill(...report))),
      ]),
    );

  test("counts once, however often and in whatever order it is told", () => {
    const first: Parameters<typeof fill> = [100, 18_000, { execId: 1, fee: 100n }];
    const second: Parameters<typeof fill> = [-40, 18_500, { execId: 2, fee: 60n }];
    expect(rows(told(first, first, second, first, second))).toEqual(rows(told(first, second)));
  });

  test("that busts a trade leaves the books as if it had never been made", () => {
    const kept: Parameters<typeof fill>[] = [
      [10, 10_000, { execId: 1, fee: 3n }],
      [-5, 12_000, { execId: 3, fee: 4n }],
    ];
    const busted: Parameters<typeof fill> = [10, 11_000, { execId: 2, fee: 5n }];
    const bust: Parameters<typeof fill> = [
      10,
      11_000,
      { execId: 4, refExecId: 2, execType: "TRADE_CANCEL", fee: 5n },
    ];
    const [before, later] = kept as [Parameters<typeof fill>, Parameters<typeof fill>];
    expect(rows(told(before, busted, later, bust))).toEqual(rows(told(...kept)));
    // It may be told before the trade that it undoes.
    expect(rows(told(before, bust, busted, later))).toEqual(rows(told(...kept)));
    expect(rows(told(before, busted, bust, bust, later))).toEqual(rows(told(...kept)));
  });

  test("that busts a trade of long ago is its opposite: nothing is left of its money", () => {
    const many = Array.from(
      { length: 40 },
      (_, i) => [1, 10_000, { execId: i + 1 }] as Parameters<typeof fill>,
    );
    const bust = { execId: 41, refExecId: 1, execType: "TRADE_CANCEL" } as const;
    const state = told(...many, [1, 10_000, bust]);
    expect(balanceOf(state, "main", "USD", "cash")).toBe(10_000_000n - 390_000n);
    expect(balanceOf(state, "main", "USD", "securities")).toBe(390_000n);
  });

  test("of what it costs to carry a position is interest, paid or received", () => {
    const state = told(
      [-10, 10_000, { execId: 1 }],
      [0, 0, { execId: 2, execType: "CARRIED", reason: "BorrowFee", fee: 120n }],
      [0, 0, { execId: 3, execType: "CARRIED", reason: "Funding", fee: -20n }],
    );
    expect(balanceOf(state, "main", "USD", "interest")).toBe(100n);
    expect(balanceOf(state, "main", "USD", "cash")).toBe(10_000_000n + 100_000n - 100n);
    expect(trialBalance(state)).toBe(0n);
  });
});

test("a conversion is cash for cash: each currency sums to zero through its own account", () => {
  const pair = equity("EURUSD", {
    assetClass: "FX",
    contract: "EXCHANGE",
    priceScale: 5,
    baseCurrency: "EUR",
    baseScale: 2,
  });
  const state = fold(
    projection,
    eventsOf([
      emit("market.instruments", pair),
      emit("fills", fill(1000, 110_000, { symbol: "EURUSD", fee: 200n })),
      emit("fills", fill(-400, 120_000, { symbol: "EURUSD" })),
    ]),
  );
  expect(balanceOf(state, "main", "EUR", "cash")).toBe(60_000n);
  expect(balanceOf(state, "main", "USD", "cash")).toBe(10_000_000n - 110_000n - 200n + 48_000n);
  expect(balanceOf(state, "main", "EUR", "conversion")).toBe(-60_000n);
  // Given 620.00 dollars for 600.00 euros, which are worth 720.00 now: a gain of 100.00.
  expect(balanceOf(state, "main", "USD", "conversion")).toBe(62_000n);
  expect(trialBalance(state)).toBe(0n);
});

test("a contract against margin pays its profit alone", () => {
  const perpetual = equity("XBTUSD", {
    contract: "INVERSE",
    currency: "BTC",
    currencyScale: 8,
    priceScale: 1,
  });
  const of = { symbol: "XBTUSD" };
  const state = fold(
    projection,
    eventsOf([
      emit("market.instruments", perpetual),
      emit("fills", fill(1000, 10_000, { ...of, fee: 25_000n })),
      emit("fills", fill(-1000, 12_500, of)),
    ]),
  );
  expect(balanceOf(state, "main", "BTC", "cash")).toBe(20_000_000n - 25_000n);
  expect(balanceOf(state, "main", "BTC", "realised")).toBe(-20_000_000n);
  expect(balanceOf(state, "main", "BTC", "securities")).toBe(0n);
});
