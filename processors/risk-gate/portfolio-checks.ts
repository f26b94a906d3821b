// The checks of a proposal as a whole: what it makes of the portfolio's exposure, and whether the
// portfolio has lost too much to add any.

import { cut, type Docket, record, responseTo, type Trade } from "./docket.ts";
import { between, exposure, reduces, sizeWithin, toLong, worth } from "./exposure.ts";

/** Exposure after the proposal's trades, beside every other symbol's position or pending approval. */
export function checkGrossExposure(docket: Docket): void {
  const limit = docket.at.limits.maxGrossExposureMinor;
  const open = docket.trades.filter(({ refused }) => !refused);
  if (limit === null || open.length === 0) return;
  const moving = new Set(open.map(({ risk }) => risk));
  let others = 0n;
  for (const risk of docket.at.symbols.values()) if (!moving.has(risk)) others += exposure(risk);
  const gross = others + sum(open.map((trade) => worthOf(trade, trade.quantity)));
  const check = {
    check: "MAX_GROSS_EXPOSURE",
    symbol: "",
    limit,
    measured: toLong(gross),
    unit: "MINOR",
    passed:
      gross <= BigInt(limit) ||
      open.every(({ quantity, risk }) => reduces(quantity, risk.position)),
  } as const;
  if (record(docket, check, "MaxGrossExposureExceeded")) return;
  const response = responseTo(docket, "maxGrossExposure");
  if (response === "deny") docket.denied = true;
  // One factor for all checks of the book: book-checks.ts finds it.
  if (response === "reduce" && !docket.denied) shrink(open, BigInt(limit) - others);
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

const worthOf = ({ price, risk }: Trade, quantity: number): bigint =>
  risk.instrument === null || price === 0 ? 0n : worth(quantity, price, risk.instrument);

/** The part of a position that a trade leaves open: none where it goes through zero. */
const kept = ({ quantity, risk }: Trade): number =>
  quantity > 0 === risk.position > 0 ? Math.min(Math.abs(quantity), Math.abs(risk.position)) : 0;

/** Gives what the trades open its share of the room that is left, each in proportion. */
function shrink(open: readonly Trade[], room: bigint): void {
  const before = open.map((trade) => worthOf(trade, kept(trade)));
  const growth = open.map((trade, i) => worthOf(trade, trade.quantity) - (before[i] as bigint));
  const wanted = sum(growth) || 1n;
  const free = room - sum(before);
  for (const [i, trade] of open.entries()) {
    const { risk, quantity, price } = trade;
    if (risk.instrument === null || reduces(quantity, risk.position)) continue;
    const share = free <= 0n ? 0n : ((growth[i] as bigint) * free) / wanted;
    const within = (before[i] as bigint) + share;
    const size = sizeWithin(within, Math.abs(quantity), price, risk.instrument);
    cut(trade, between(Math.sign(quantity) * size, risk.position, quantity));
  }
}

/** A portfolio past the limit may only reduce; the state that it latched already saw to that. */
export function checkDrawdown(docket: Docket): void {
  const limit = docket.at.limits.maxDrawdownBps;
  if (limit === null) return;
  const measured = docket.at.drawdownBps;
  const check = {
    check: "MAX_DRAWDOWN",
    symbol: "",
    limit,
    measured,
    unit: "BPS",
    passed:
      measured <= limit ||
      docket.trades.every(({ target, risk }) => reduces(target.quantity, risk.position)),
  } as const;
  record(docket, check, "MaxDrawdownExceeded");
}
