// The implementation shortfall of a run, order by order. Promises: one pass over bars, orders, fills and
// corporate actions in the one order; memory for the open orders alone; the total is the sum of its parts.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { RecordedRates } from "./recorded-rates.ts";
import {
  addShortfall,
  convertParts,
  decisionPrice,
  fillShortfall,
  missedShortfall,
  noShortfall,
  type ShortfallParts,
  totalShortfall,
} from "./shortfall.ts";

export type ShortfallCause = keyof ShortfallParts;

/** Exact decimal text, and basis points of the value at the prices decided at; null where that is 0. */
export interface ShortfallAmount {
  readonly amount: string;
  readonly bps: number | null;
}

export interface Shortfall extends Readonly<Record<ShortfallCause | "total", ShortfallAmount>> {
  /** Orders that were executed at least in part. */
  readonly orders: number;
  /** Such orders of instruments whose currency had no recorded rate: they are in no amount here. */
  readonly ordersLeftOut: number;
  /** Executed, at the prices that were decided at. */
  readonly paperValue: string;
}

interface OpenOrder {
  readonly order: Order;
  readonly decided: number | null;
  quantity: number;
  executed: number;
}

export class ShortfallDigest {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly rates: RecordedRates;
  private readonly open = new Map<number, OpenOrder>();
  private readonly closes = new Map<string, number>();
  private parts = noShortfall;
  private paperValue = 0n;
  private orders = 0;
  private ordersLeftOut = 0;

  /** `currency` is the account's: amounts in others are summed where a rate was recorded before them. */
  constructor(instruments: ReadonlyMap<string, Instrument>, currency: string) {
    this.instruments = instruments;
    this.rates = new RecordedRates(instruments, currency);
  }

  /** False where the parts are in no sum, as no rate of their currency is known. */
  private add(parts: ShortfallParts, { currency }: Instrument): boolean {
    const own = convertParts(parts, (amount) => this.rates.convert(amount, currency));
    if (own !== null) this.parts = addShortfall(this.parts, own);
    return own !== null;
  }

  /** What is charged beside the fee, each in its own currency. */
  private charge(charges: ExecutionReport["charges"], sign: bigint): void {
    for (const { amount, currency } of charges) {
      const fees = this.rates.convert(sign * amount, currency) ?? 0n;
      this.parts = addShortfall(this.parts, { ...noShortfall, fees });
    }
  }

  bar({ symbol, close }: MarketBar): void {
    this.closes.set(symbol, close);
    this.rates.bar(symbol, close);
  }

  order(order: Order): void {
    if (order.action !== "NEW" || this.open.has(order.orderId)) return;
    const { orderId, quantity } = order;
    this.open.set(orderId, { order, decided: decisionPrice(order), quantity, executed: 0 });
  }

  /** What the report cost; null where it tells of no execution. */
  fill(report: ExecutionReport): ShortfallParts | null {
    const { execType, symbol, orderId, quantity, price } = report;
    const instrument = this.instruments.get(symbol);
    const known = this.open.get(orderId);
    if (instrument === undefined) return null;
    if (execType === "FILLED") {
      const decided = known?.decided ?? null;
      const parts = fillShortfall(report, decided, instrument);
      const paper = notionalMinor(decided ?? price, quantity, instrument);
      const isOwn = this.add(parts, instrument);
      this.charge(report.charges, 1n);
      const value = this.rates.convert(paper < 0n ? -paper : paper, instrument.currency);
      this.paperValue += value ?? 0n;
      if (known === undefined) return parts;
      if (known.executed === 0 && isOwn) this.orders++;
      else if (known.executed === 0) this.ordersLeftOut++;
      known.executed += quantity;
      if (report.leavesQuantity === 0) this.open.delete(orderId);
      return parts;
    }
    if (execType === "TRADE_CANCEL") {
      // The price it was made at is given back with the trade; of its cost only the fee is told again.
      const back = { ...noShortfall, fees: -report.fee };
      this.add(back, instrument);
      this.charge(report.charges, -1n);
      return back;
    }
    if (known === undefined) return null;
    if (execType === "REPLACED") known.quantity = known.executed + report.leavesQuantity;
    const ended = execType === "CANCELED" || execType === "EXPIRED" || execType === "REJECTED";
    const { reason } = report;
    if (!ended || reason === "UnknownOrder" || reason === "DuplicateOrder") return null;
    this.open.delete(orderId);
    // Of orders that cancel each other one is meant to execute; a split restates all that they name.
    if (reason !== "LinkedOrder" && reason !== "CorporateAction") this.miss(known);
    return null;
  }

  private miss({ order, decided, quantity, executed }: OpenOrder): void {
    const { symbol, side, type, parentOrderId, ocoGroup } = order;
    const instrument = this.instruments.get(symbol);
    const market = this.closes.get(symbol);
    const left = quantity - executed;
    // An order that waited for a price that never came was not decided to trade.
    const isPlain = (type === "MARKET" || type === "LIMIT") && parentOrderId === null;
    if (!isPlain || ocoGroup !== null || left <= 0) return;
    if (instrument === undefined || market === undefined || decided === null) return;
    this.add(missedShortfall(side, left, decided, market, instrument), instrument);
  }

  end(currencyScale: number): Shortfall {
    const written = (amount: bigint): ShortfallAmount => ({
      amount: formatScaled(amount, currencyScale),
      bps: this.paperValue > 0n ? Number(amount * 10_000n) / Number(this.paperValue) : null,
    });
    const { delay, spread, impact, slippage, fees, opportunity } = this.parts;
    return {
      orders: this.orders,
      ordersLeftOut: this.ordersLeftOut,
      paperValue: formatScaled(this.paperValue, currencyScale),
      delay: written(delay),
      spread: written(spread),
      impact: written(impact),
      slippage: written(slippage),
      fees: written(fees),
      opportunity: written(opportunity),
      total: written(totalShortfall(this.parts)),
    };
  }
}
