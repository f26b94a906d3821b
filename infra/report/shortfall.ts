// What an order cost beyond the price at which it was decided: implementation shortfall (A. Perold, "The
// Implementation Shortfall: Paper versus Reality", Journal of Portfolio Management 14(3), 1988, 4–9), split
// into its causes. Promises: exact minor units; the parts add up to the whole, always. A cost is above 0.

import type { ExecutionReport, PricePartKind } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { notionalMinor } from "../../schemas/values/money.ts";

/** Minor units of the instrument's currency. */
export interface ShortfallParts {
  /** The market's move from the decision to the execution, the venue's own costs taken out. */
  readonly delay: bigint;
  /** Half the spread, where the fill names it. */
  readonly spread: bigint;
  /** What the order itself moved the price, where the fill names it. */
  readonly impact: bigint;
  /** What else the venue's model added to the price. */
  readonly slippage: bigint;
  readonly fees: bigint;
  /** Of what was not executed: the market's move from the decision to the order's end. */
  readonly opportunity: bigint;
}

export const noShortfall: ShortfallParts = {
  delay: 0n,
  spread: 0n,
  impact: 0n,
  slippage: 0n,
  fees: 0n,
  opportunity: 0n,
};

export const addShortfall = (a: ShortfallParts, b: ShortfallParts): ShortfallParts => ({
  delay: a.delay + b.delay,
  spread: a.spread + b.spread,
  impact: a.impact + b.impact,
  slippage: a.slippage + b.slippage,
  fees: a.fees + b.fees,
  opportunity: a.opportunity + b.opportunity,
});

/** Each part converted by itself, the delay takes the rounding; null where one cannot be. */
export function convertParts(
  parts: ShortfallParts,
  convert: (amount: bigint) => bigint | null,
): ShortfallParts | null {
  const total = convert(totalShortfall(parts));
  const [spread, impact, slippage, fees, opportunity] = [
    convert(parts.spread),
    convert(parts.impact),
    convert(parts.slippage),
    convert(parts.fees),
    convert(parts.opportunity),
  ];
  if (
    total === null ||
    spread === null ||
    impact === null ||
    slippage === null ||
    fees === null ||
    opportunity === null
  ) {
    return null;
  }
  const delay = total - spread - impact - slippage - fees - opportunity;
  return { delay, spread, impact, slippage, fees, opportunity };
}

export const totalShortfall = (parts: ShortfallParts): bigint =>
  parts.delay + parts.spread + parts.impact + parts.slippage + parts.fees + parts.opportunity;

/**
 * The price that an order was decided at: of an order that waits for a price, that price; else the reference
 * that it carries. null of a trailing stop, which follows the market: its delay is none.
 */
export function decisionPrice({ type, stopPrice, referencePrice }: Order): number | null {
  if (type === "TRAILING_STOP") return null;
  const price = stopPrice ?? referencePrice;
  return price === 0 ? null : price;
}

const SPREADS: readonly PricePartKind[] = ["HALF_SPREAD"];
const IMPACTS: readonly PricePartKind[] = ["VOLUME_SHARE", "TEMPORARY_IMPACT", "PERMANENT_IMPACT"];

/** Adverse, signed, of those parts of a fill's price that are named. */
function adverse({ parts, side }: ExecutionReport, kinds: readonly PricePartKind[]): number {
  let sum = 0;
  for (const { part, amount } of parts) if (kinds.includes(part)) sum += amount;
  return side === "BUY" ? sum : -sum;
}

/**
 * One execution against the price of its decision: side × (price − decision) × quantity + fee. The delay is
 * what the other parts leave of it, so rounding to minor units falls on it alone.
 */
export function fillShortfall(
  fill: ExecutionReport,
  decided: number | null,
  instrument: Instrument,
): ShortfallParts {
  const { side, price, quantity, fee: fees } = fill;
  const cost = (difference: number): bigint => notionalMinor(difference, quantity, instrument);
  const spread = cost(adverse(fill, SPREADS));
  const impact = cost(adverse(fill, IMPACTS));
  const slippage = cost(fill.slippage) - spread - impact;
  const paper = decided ?? price - (side === "BUY" ? fill.slippage : -fill.slippage);
  const paid = cost(price) - cost(paper);
  const moved = side === "BUY" ? paid : -paid;
  return {
    ...noShortfall,
    delay: moved - spread - impact - slippage,
    spread,
    impact,
    slippage,
    fees,
  };
}

/** What was decided and not executed, at the market's price when the order ended. */
export const missedShortfall = (
  side: Order["side"],
  quantity: number,
  decided: number,
  market: number,
  instrument: Instrument,
): ShortfallParts => {
  const moved =
    notionalMinor(market, quantity, instrument) - notionalMinor(decided, quantity, instrument);
  return { ...noShortfall, opportunity: side === "BUY" ? moved : -moved };
};
