import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExecutionReport } from "../generated/fills.ts";
import { carryOf, dealOf } from "./deal.ts";
import { changeHolding, flat, type Holding } from "./holding.ts";

const filled = (quantity: number, price: number, fee: bigint): ExecutionReport => ({
  orderId: 1,
  execType: "FILLED",
  portfolio: "main",
  symbol: "A",
  side: quantity > 0 ? "BUY" : "SELL",
  quantity: Math.abs(quantity),
  price,
  leavesQuantity: 0,
  fee,
  slippage: 0,
  reason: "NONE",
  tradeUs: 0,
  execId: 1,
  cumQuantity: Math.abs(quantity),
  parts: [],
  refExecId: 0,
  charges: [],
});
const cancelled = (report: ReturnType<typeof filled>) => ({
  ...report,
  execType: "TRADE_CANCEL" as const,
});

interface Book {
  readonly holding: Holding;
  readonly realised: bigint;
  readonly cash: bigint;
}

function booked(book: Book, report: ReturnType<typeof filled>): Book {
  const deal = dealOf(report);
  if (deal === null) return book;
  const quantity = deal.side === "BUY" ? deal.quantity : -deal.quantity;
  const value = BigInt(quantity * deal.price);
  const { holding, realised } = changeHolding(book.holding, quantity, value);
  return {
    holding,
    realised: book.realised + realised - deal.fee,
    cash: book.cash - value - deal.fee,
  };
}

test("a trade and its undoing leave quantity, cash, and the sum of profit and cost as they were", () => {
  const trade = fc
    .record({
      quantity: fc.integer({ min: -100, max: 100 }).filter((quantity) => quantity !== 0),
      price: fc.integer({ min: 1, max: 10_000 }),
      fee: fc.bigInt({ min: 0n, max: 500n }),
    })
    .map(({ quantity, price, fee }) => filled(quantity, price, fee));
  fc.assert(
    fc.property(fc.array(trade, { minLength: 1, maxLength: 12 }), fc.nat(11), (trades, pick) => {
      const empty: Book = { holding: flat, realised: 0n, cash: 0n };
      const busted = trades[pick % trades.length] as (typeof trades)[number];
      const without = trades.filter((each) => each !== busted).reduce(booked, empty);
      const undone = [...trades, cancelled(busted)].reduce(booked, empty);
      expect(undone.holding.quantity).toBe(without.holding.quantity);
      expect(undone.cash).toBe(without.cash);
      expect(undone.realised - undone.holding.cost).toBe(without.realised - without.holding.cost);
    }),
  );
});

test("only what carries a position says what that costs", () => {
  const report = filled(10, 100, 7n);
  expect(carryOf(report)).toBeNull();
  expect(carryOf({ ...report, execType: "CARRIED" })).toBe(7n);
  expect(dealOf({ ...report, execType: "CARRIED" })).toBeNull();
  expect(dealOf(report)).toBe(report);
});
