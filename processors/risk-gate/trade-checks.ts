// The checks of one trade: may it be made in this state, how large a position, at what price, of what value.

import {
  type RiskReason,
  type TradingState,
  tradingStateSymbols,
} from "../../schemas/generated/risk.verdicts.ts";
import { cut, cuts, type Docket, record, type Trade } from "./docket.ts";
import { between, reduces, sizeWithin, toLong, wholeLots, worth } from "./exposure.ts";
import { quantityLimit } from "./limits.ts";

/** Limit and measured are places in ACTIVE, REDUCE_ONLY, HALTED, KILLED, FLATTENED: the last that allows the trade. */
export function checkState(docket: Docket, trade: Trade): void {
  const { trading, latchedByDrawdown, onBreach } = docket.at;
  const { target, quantity, risk } = trade;
  const limit = reduces(quantity, risk.position) ? 1 : 0;
  const measured = tradingStateSymbols.indexOf(trading);
  const passed = measured <= limit;
  const check = {
    check: "TRADING_STATE",
    symbol: target.symbol,
    limit,
    measured,
    unit: "STATE",
    passed,
  } as const;
  if (record(docket, check, stateReason(trading, latchedByDrawdown))) return;
  if (trading !== "REDUCE_ONLY") docket.denied = true;
  // A trade through zero may still close; anything else adds risk and is left out.
  else cut(trade, onBreach === "deny" ? risk.position : between(0, risk.position, quantity));
}

function stateReason(trading: TradingState, latchedByDrawdown: boolean): RiskReason {
  if (trading === "KILLED") return "TradingKilled";
  if (trading === "FLATTENED") return "TradingFlattened";
  if (trading === "HALTED") return "TradingHalted";
  return latchedByDrawdown ? "MaxDrawdownExceeded" : "ReduceOnly";
}

export function checkPosition(docket: Docket, trade: Trade): void {
  const { maxPosition } = docket.at.limits;
  const { target, quantity, risk } = trade;
  if (maxPosition === null || risk.instrument === null) return;
  const limit = quantityLimit(maxPosition, risk.instrument.quantityScale);
  const measured = Math.abs(quantity);
  const check = {
    check: "MAX_POSITION",
    symbol: target.symbol,
    limit,
    measured,
    unit: "QUANTITY",
    passed: measured <= limit || reduces(quantity, risk.position),
  } as const;
  if (record(docket, check, "MaxPositionExceeded") || !cuts(docket)) return;
  const within = Math.sign(quantity) * wholeLots(limit, risk.instrument);
  cut(trade, between(within, risk.position, quantity));
}

/** A price that is missing, or has nothing to be held against, is as far off as can be. */
export function checkPrice(docket: Docket, trade: Trade): void {
  const { priceCollarBps } = docket.at.limits;
  const { target, risk, price } = trade;
  const missing = price === 0 || (priceCollarBps !== null && risk.price <= 0);
  if (priceCollarBps === null && !missing) return;
  const limit = priceCollarBps ?? 0;
  const measured = missing
    ? Number.MAX_SAFE_INTEGER
    : apartBps(target.referencePrice, BigInt(risk.price));
  const check = {
    check: "PRICE_COLLAR",
    symbol: target.symbol,
    limit,
    measured,
    unit: "BPS",
    passed: !missing && measured <= limit,
  } as const;
  if (record(docket, check, missing ? "NoReferencePrice" : "PriceCollarExceeded")) return;
  if (cuts(docket)) cut(trade, risk.position);
}

/** A close of long ago says little of what a trade would cost. What only reduces a position may be made on it. */
export function checkPriceAge(docket: Docket, trade: Trade): void {
  const { maxPriceAgeUs: limit, timeUs } = docket.at;
  if (limit === null) return;
  const { target, quantity, risk } = trade;
  const measured = risk.bar.timeUs < 0 ? Number.MAX_SAFE_INTEGER : timeUs - risk.bar.timeUs;
  const check = {
    check: "PRICE_AGE",
    symbol: target.symbol,
    limit,
    measured,
    unit: "MICROS",
    passed: measured <= limit || reduces(quantity, risk.position),
  } as const;
  if (record(docket, check, "PriceTooOld") || !cuts(docket)) return;
  cut(trade, between(0, risk.position, quantity));
}

/** |price - known| / known in basis points, rounded up. */
function apartBps(price: number, known: bigint): number {
  const apart = BigInt(price) - known;
  return toLong(((apart < 0n ? -apart : apart) * 10_000n + known - 1n) / known);
}

export function checkOrderValue(docket: Docket, trade: Trade): void {
  const limit = docket.at.limits.maxOrderValueMinor;
  const { target, quantity, price, risk } = trade;
  if (limit === null || price === 0 || risk.instrument === null) return;
  const size = Math.abs(quantity - risk.position);
  const value = worth(size, price, risk.instrument);
  const check = {
    check: "MAX_ORDER_VALUE",
    symbol: target.symbol,
    limit,
    measured: toLong(value),
    unit: "MINOR",
    passed: value <= BigInt(limit),
  } as const;
  if (record(docket, check, "MaxOrderValueExceeded") || !cuts(docket)) return;
  const within = sizeWithin(BigInt(limit), size, price, risk.instrument);
  cut(trade, risk.position + Math.sign(quantity - risk.position) * within);
}
