// What makes the price of an execution that takes its price from the market, part by part. Promises: the parts
// add up to the price less the printed one, exactly; each is rounded against us but the lasting impact, which
// is rounded half to even; with parts the price lies on a tick, rounded against us (without, it is the printed one, whose
// market may have had other ticks), and never beyond the order's limit: what that
// takes and gives back are parts, too. A part that needs the market's statistics is not there before they are.
//
// Formulas, p the printed price (of a price below 0 its size), q the quantity, V the bar's volume, σ and A the volatility and the average volume of
// a bar (docs/venue.md has the sources):
//   HALF_SPREAD, SLIPPAGE   p × bps; not of an auction, which has one price
//   VOLUME_SHARE            p × k × s², s = what we executed of the bar with this, over V, at most 1
//   VOLATILITY              p × m × σ; not of an auction
//   TEMPORARY_IMPACT        p × Y × σ × √(q / A)
//   PERMANENT_IMPACT        p × (h + g / 2), g = ± γ × σ × q / A; h, which all later prices are moved by, becomes h + g

import type { PricePart, PricePartKind } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import type { PriceConfig, VenueConfig } from "../venue-config.ts";
import { type Liquidity, ONE, volatilityOf } from "./liquidity.ts";
import { isAuction } from "./order-check.ts";
import { type Grid, leastPrice, onGrid } from "./ticks.ts";

export interface Priced {
  readonly price: number;
  readonly parts: readonly PricePart[];
  /** The lasting move of the price by this execution, in billionths of it. */
  readonly lasting: number;
}

type Terms = Pick<Order, "side" | "limitPrice" | "timeInForce">;

/** `liquidity` null: no part but slippage. Cost: O(window) where a part needs the volatility. */
export function priceOf(
  order: Terms,
  quantity: number,
  print: number,
  config: VenueConfig,
  liquidity: Liquidity | null,
  grid: Grid,
): Priced {
  const parts: PricePart[] = [];
  let lasting = 0;
  const isBuy = order.side === "BUY";
  if (print !== 0) {
    const sign = isBuy ? 1 : -1;
    const worse = (part: PricePartKind, numerator: bigint, denominator: bigint): void => {
      const amount = Number((numerator + denominator - 1n) / denominator);
      if (amount !== 0) parts.push({ part, amount: sign * amount });
    };
    const p = BigInt(Math.abs(print));
    const crosses = !isAuction(order);
    if (crosses) {
      const { price } = config;
      if (price !== undefined) worse("HALF_SPREAD", p * BigInt(price.halfSpreadBps), BPS);
      worse("SLIPPAGE", p * BigInt(config.slippageBps), BPS);
    }
    if (config.price !== undefined && liquidity !== null) {
      lasting = impact(config.price, liquidity, { p, quantity, sign, crosses, worse, parts });
    }
  }
  if (parts.length === 0) return { price: print, parts: none, lasting };
  const sum = parts.reduce((price, { amount }) => price + amount, print);
  const asked = onGrid(sum, grid, isBuy ? "up" : "down");
  if (asked !== sum) parts.push({ part: "TICK", amount: asked - sum });
  const price = capped(order, asked, leastPrice(grid));
  if (price !== asked) parts.push({ part: "CAP", amount: price - asked });
  return { price, parts, lasting };
}

const none: readonly PricePart[] = [];
const BPS = 10_000n;
const PPM = 1_000_000n;

interface Making {
  readonly p: bigint;
  readonly quantity: number;
  readonly sign: 1 | -1;
  /** The order crosses a spread in a market that moves on. */
  readonly crosses: boolean;
  readonly worse: (part: PricePartKind, numerator: bigint, denominator: bigint) => void;
  readonly parts: PricePart[];
}

/** What depends on how much is traded, and how much the market moves and trades. */
function impact(config: PriceConfig, liquidity: Liquidity, making: Making): number {
  const { p, quantity, sign, crosses, worse, parts } = making;
  const { volume, used, moved } = liquidity;
  const { volumeSharePerMillion, volatilityPerMillion, temporaryPerMillion } = config;
  if (volumeSharePerMillion > 0) {
    const ours = BigInt(Math.min(used + quantity, volume));
    const all = BigInt(volume);
    const k = p * BigInt(volumeSharePerMillion);
    // A bar without volume has no share to give: the most there is.
    if (volume > 0) worse("VOLUME_SHARE", k * ours * ours, PPM * all * all);
    else worse("VOLUME_SHARE", k, PPM);
  }
  const sigma = BigInt(volatilityOf(liquidity));
  if (crosses) worse("VOLATILITY", p * BigInt(volatilityPerMillion) * sigma, PPM * ONE);
  const { volumeSum, volumes } = liquidity;
  let lasting = 0;
  if (volumeSum > 0) {
    // Rounded to billionths: from here on all is exact.
    const root = Math.round(Math.sqrt((quantity * volumes.length) / volumeSum) * Number(ONE));
    const temporary = BigInt(temporaryPerMillion) * sigma * BigInt(root);
    worse("TEMPORARY_IMPACT", p * temporary, PPM * ONE * ONE);
    const linear = BigInt(config.permanentPerMillion) * sigma * BigInt(quantity);
    const size = divideRounded(linear * BigInt(volumes.length), PPM * BigInt(volumeSum));
    lasting = sign * Number(size);
  }
  const amount = Number(divideRounded(p * BigInt(2 * moved + lasting), 2n * ONE));
  if (amount !== 0) parts.push({ part: "PERMANENT_IMPACT", amount });
  return lasting;
}

/** Within the limit, and for the least price that there is at least. */
function capped({ side, limitPrice }: Terms, price: number, least: number): number {
  if (side === "BUY")
    return Math.max(least, Math.min(price, limitPrice ?? Number.MAX_SAFE_INTEGER));
  return Math.max(price, limitPrice ?? least);
}
