// A million random events in five currencies: purchases and sales of everything that an instrument can be,
// fees, fees and taxes in any of the five, conversions, dividends with tax withheld, splits, settlements, costs of carrying, reports told twice and busted trades.

import { describe, expect, test } from "vitest";
import { Random } from "../quant/random.ts";
import type { Charge, ExecutionReport } from "../schemas/generated/fills.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import { divideRounded } from "../schemas/values/decimal.ts";
import type { LotMethod } from "../schemas/values/holding.ts";
import { notionalMinor } from "../schemas/values/money.ts";
import { bar, delisted, dividend, filled, split } from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { balanceOf, openLedger, postEvent, trialBalance } from "./ledger.ts";

const scales = { USD: 2, EUR: 2, GBP: 2, JPY: 0, BTC: 8 } as const;
type Currency = keyof typeof scales;
const currencies = Object.keys(scales) as readonly Currency[];

const instruments: readonly Instrument[] = currencies.flatMap((currency) => {
  const own = { currency, currencyScale: scales[currency] };
  return [
    equity(`${currency}-SHARE`, own),
    equity(`${currency}-COIN`, { ...own, priceScale: 3, quantityScale: 5 }),
    equity(`${currency}-FUTURE`, { ...own, contract: "LINEAR", multiplier: 50 }),
    equity(`${currency}-INVERSE`, { ...own, contract: "INVERSE", multiplier: 100 }),
    ...currencies
      .filter((base) => base !== currency)
      .map((base) =>
        equity(`${base}${currency}`, {
          ...own,
          contract: "EXCHANGE",
          priceScale: 5,
          baseCurrency: base,
          baseScale: scales[base],
        }),
      ),
  ];
});
const usual = instruments.filter(({ contract }) => contract !== "EXCHANGE");

/**
 * What is owned of everything, with no idea of cost: a contract against margin is bought and sold here like a
 * share, which comes to the same equity.
 */
class Oracle {
  readonly cash = new Map<string, bigint>(currencies.map((each) => [each, 0n]));
  readonly quantity = new Map<string, number>();
  readonly mark = new Map<string, number>();

  pay(currency: string, amount: bigint): void {
    this.cash.set(currency, (this.cash.get(currency) as bigint) + amount);
  }

  trade(of: Instrument, quantity: number, price: number, fee: bigint): void {
    this.pay(of.currency, -notionalMinor(price, quantity, of) - fee);
    if (of.contract === "EXCHANGE") {
      const shift = of.baseScale - of.quantityScale;
      this.pay(of.baseCurrency, BigInt(quantity) * 10n ** BigInt(shift));
    } else {
      this.quantity.set(of.symbol, (this.quantity.get(of.symbol) ?? 0) + quantity);
    }
  }

  equity(currency: string): bigint {
    let sum = this.cash.get(currency) as bigint;
    for (const of of usual) {
      if (of.currency !== currency) continue;
      const held = this.quantity.get(of.symbol) ?? 0;
      if (held !== 0) sum += notionalMinor(this.mark.get(of.symbol) ?? 1, held, of);
    }
    return sum;
  }
}

function play(method: LotMethod, events: number, seed: number): void {
  const random = new Random(seed);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;
  const state = openLedger({
    name: "main",
    currency: "USD",
    currencyScale: 2,
    initialCashMinor: 100_000_000n,
    lots: method,
  });
  const oracle = new Oracle();
  oracle.pay("USD", 100_000_000n);
  for (const each of instruments) postEvent(state, at(0, "market.instruments", each));
  const execIds = new Map<string, number>();
  let last = null as ExecutionReport | null;
  let postings = 0;

  const report = (of: Instrument, changes: Partial<ExecutionReport>): ExecutionReport => {
    const execId = (execIds.get(of.symbol) ?? 0) + 1;
    execIds.set(of.symbol, execId);
    return filled(1, of.symbol, 1, 1, { execId, ...changes });
  };
  const tell = (said: ExecutionReport): void => {
    postings += postEvent(state, at(0, "fills", said)).length;
  };
  const tradeOf = (of: Instrument): void => {
    const quantity = (1 + random.integer(9_999)) * (random.integer(2) === 0 ? 1 : -1);
    const price = 1 + random.integer(99_999);
    const fee = BigInt(random.integer(500));
    const side = quantity > 0 ? "BUY" : "SELL";
    const charges = Array.from({ length: random.integer(3) }, (): Charge => {
      const currency = pick(currencies);
      const kind = random.integer(2) === 0 ? "FEE" : "TAX";
      return { kind, currency, scale: scales[currency], amount: BigInt(random.integer(300) - 50) };
    });
    last = report(of, { side, quantity: Math.abs(quantity), price, fee, charges });
    tell(last);
    oracle.trade(of, quantity, price, fee);
    for (const { currency, amount } of charges) oracle.pay(currency, -amount);
    if (!oracle.mark.has(of.symbol)) oracle.mark.set(of.symbol, price);
  };
  const shares = (): string => `${pick(currencies)}-SHARE`;

  for (let i = 0; i < events; i++) {
    const die = random.integer(100);
    let of = pick(usual);
    if (die < 40) tradeOf(of);
    else if (die < 60) {
      const close = 1 + random.integer(99_999);
      postEvent(state, at(0, "market.bars", bar(of.symbol, 1, close)));
      oracle.mark.set(of.symbol, close);
    } else if (die < 72) {
      of = pick(instruments.filter(({ contract }) => contract === "EXCHANGE"));
      tradeOf(of);
    } else if (die < 78) {
      const fee = BigInt(random.integer(1_000) - 500);
      tell(report(of, { execType: "CARRIED", reason: "Funding", quantity: 0, price: 0, fee }));
      oracle.pay(of.currency, -fee);
    } else if (die < 84) {
      // Twice, or an order's end: nothing of money.
      tell(last ?? report(of, { execType: "CANCELED", quantity: 0, price: 0 }));
      tell(report(of, { execType: "CANCELED", quantity: 0, price: 0 }));
    } else if (die < 88) {
      const trade = last;
      if (trade === null) continue;
      of = instruments.find(({ symbol }) => symbol === trade.symbol) as Instrument;
      const { side, quantity, price, fee, charges, execId } = trade;
      const busted = { side, quantity, price, fee, charges, refExecId: execId };
      for (const { currency, amount } of charges) oracle.pay(currency, amount);
      tell(report(of, { ...busted, execType: "TRADE_CANCEL" }));
      oracle.trade(of, side === "BUY" ? -quantity : quantity, price, -fee);
      last = null;
    } else if (die < 94) {
      const withheldPerMillion = random.integer(3) * 150_000;
      const action = { ...dividend(shares(), 1 + random.integer(300)), withheldPerMillion };
      of = usual.find(({ symbol }) => symbol === action.symbol) as Instrument;
      postEvent(state, at(0, "market.corporate-actions", action));
      const held = oracle.quantity.get(of.symbol) ?? 0;
      const gross = notionalMinor(action.amount, held, { ...of, priceScale: 2 });
      oracle.pay(of.currency, gross);
      if (held > 0) {
        const tax = divideRounded(gross * BigInt(withheldPerMillion), 1_000_000n);
        oracle.pay(of.currency, -tax);
      }
      last = null;
    } else if (die < 97) {
      const [fresh, old] = pick([
        [2, 1],
        [3, 2],
        [1, 20],
        [7, 4],
      ] as const);
      const action = split(shares(), fresh, old);
      of = usual.find(({ symbol }) => symbol === action.symbol) as Instrument;
      const held = oracle.quantity.get(of.symbol) ?? 0;
      const restated = BigInt(held) * BigInt(fresh);
      const rest = restated % BigInt(old);
      // The fraction at the mark: of a share with two decimals, in a currency with two or none or eight.
      const worth = rest * BigInt(oracle.mark.get(of.symbol) ?? 0) * 10n ** 8n;
      const divisor = BigInt(fresh) * 10n ** BigInt(10 - of.currencyScale);
      oracle.pay(of.currency, divideRounded(worth, divisor));
      oracle.quantity.set(of.symbol, Number((restated - rest) / BigInt(old)));
      postEvent(state, at(0, "market.corporate-actions", action));
      last = null;
    } else {
      const finalPrice = 1 + random.integer(99_999);
      of = pick(usual);
      const held = oracle.quantity.get(of.symbol) ?? 0;
      oracle.pay(of.currency, notionalMinor(finalPrice, held, of));
      oracle.quantity.set(of.symbol, 0);
      postEvent(state, at(0, "market.corporate-actions", delisted(of.symbol, finalPrice)));
      last = null;
    }
    for (const each of usual) {
      if (each.currency === of.currency) {
        oracle.mark.set(each.symbol, state.marks.get(each.symbol) || 1);
      }
    }
    const out = trialBalance(state);
    const own = equityOf(of.currency);
    if (out !== 0n || own !== oracle.equity(of.currency)) {
      expect({ event: i, die, out, own }).toEqual({
        event: i,
        die,
        out: 0n,
        own: oracle.equity(of.currency),
      });
    }
  }
  expect(postings).toBeGreaterThan(events / 2);
  for (const each of currencies) expect(equityOf(each)).toBe(oracle.equity(each));

  /** Cash and positions: of a contract against margin its profit, of all else its value. */
  function equityOf(currency: string): bigint {
    let sum = balanceOf(state, "main", currency, "cash");
    let cost = 0n;
    for (const each of usual) {
      const held = state.holdings.get(`main\n${each.symbol}`)?.holding;
      if (each.currency !== currency || held === undefined || held.quantity === 0) continue;
      const value = notionalMinor(state.marks.get(each.symbol) as number, held.quantity, each);
      const margined = each.contract === "LINEAR" || each.contract === "INVERSE";
      sum += margined ? value - held.cost : value;
      if (!margined) cost += held.cost;
    }
    // What is held stands in the books at its cost.
    if (cost !== balanceOf(state, "main", currency, "securities")) return -1n;
    return sum;
  }
}

describe("a million events in five currencies", () => {
  test.each([
    ["AVERAGE", 600_000, 20_081_015],
    ["FIFO", 400_000, 20_200_316],
  ] as const)(
    "%s: each sums to zero in each currency, and equity is cash and positions",
    (method, events, seed) => {
      play(method, events, seed);
    },
    120_000,
  );
});
