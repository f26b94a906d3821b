// From weights to the positions that are worth trading to. Promises, in exact integers:
// - inside the no-trade band nothing is sent, and beyond it the trade ends at the band's edge;
// - what is bought and sold is never worth more than the turnover limit: all trades are cut by one factor;
// - no trade takes gross exposure above its limit: what lies above already is not forced down;
// - whole lots; with LEAST_CASH the least of what the weights add up to stays unspent, never less than 0;
// - an opening or a change smaller than the least trade is left; a position that closes or turns never is.
//
// The steps are in that order but for the limits, which come after the least trade, gross exposure last. A
// sale that the turnover limit cut may be smaller than the least trade; a purchase may not.

import { nearestInBand, noTradeHalfWidth } from "../../quant/no-trade-band.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import type { RebalanceConfig } from "../sizing-config.ts";
import { grows, hold, kept, type Line, worth } from "./line.ts";
import { spendResidual } from "./residual.ts";
import { quantityOf, shareOf } from "./sizing.ts";
import { limitGross, limitTurnover } from "./trade-limits.ts";
import type { Weighed } from "./triggers.ts";

export interface PlanLimits {
  readonly equity: bigint;
  readonly rebalance: RebalanceConfig | null;
  /** Gross exposure in basis points of equity; null for none. */
  readonly grossBps: number | null;
  readonly leastCash: boolean;
}

/** One line for each position, in their order. Cost: linear, but for LEAST_CASH (quant/whole-lots.ts). */
export function planTrades(aims: readonly Weighed[], limits: PlanLimits): readonly Line[] {
  const { equity, rebalance, grossBps, leastCash } = limits;
  const lines = aims.map((aim) => aimedLine(aim, equity, rebalance));
  if (leastCash) spendResidual(lines, equity);
  if (rebalance !== null) {
    for (const line of lines) holdSmall(line, rebalance);
    if (rebalance.maxTurnoverBps !== null) {
      limitTurnover(lines, partOf(equity, rebalance.maxTurnoverBps));
    }
  }
  if (grossBps !== null) limitGross(lines, partOf(equity, grossBps));
  if (rebalance !== null) {
    for (const line of lines) if (grows(line)) holdSmall(line, rebalance);
  }
  return lines;
}

const partOf = (equity: bigint, bps: number): bigint =>
  equity <= 0n ? 0n : (equity * BigInt(bps)) / 10_000n;

function aimedLine(aim: Weighed, equity: bigint, rebalance: RebalanceConfig | null): Line {
  const { name, instrument, weight, position, positionWeight, share } = aim;
  if (weight === 0) return { aim, quantity: 0, heldBack: null };
  if (rebalance !== null && rebalance.costPerMillion !== null) {
    const cost = rebalance.costPerMillion / 1_000_000;
    const halfWidth = noTradeHalfWidth(weight, cost, rebalance.riskAversion);
    const edge = nearestInBand(positionWeight, weight, halfWidth);
    if (edge === positionWeight) return { aim, quantity: position, heldBack: "NO_TRADE_BAND" };
    if (halfWidth > 0) {
      const size = quantityOf(equity, shareOf(Math.abs(edge)), name.price, instrument);
      return { aim, quantity: directed(edge, size), heldBack: "NO_TRADE_BAND" };
    }
  }
  const size = share === null ? aim.quantity : quantityOf(equity, share, name.price, instrument);
  return { aim, quantity: directed(weight, size), heldBack: null };
}

/** The size with the weight's sign; never -0. */
const directed = (weight: number, size: number): number =>
  weight < 0 && size !== 0 ? -size : size;

function holdSmall(line: Line, { minimumValueMinor, minimumQuantity }: RebalanceConfig): void {
  const { position, instrument } = line.aim;
  const change = line.quantity - position;
  const ends = position !== 0 && kept(line) === 0;
  if (change === 0 || ends) return;
  const tooCheap = minimumValueMinor !== null && worth(line, change) < BigInt(minimumValueMinor);
  const tooFew =
    minimumQuantity !== null && Math.abs(change) < scaledUp(minimumQuantity, instrument);
  if (tooCheap || tooFew) hold(line, position, "LEAST_TRADE");
}

/** A least quantity between two steps of the instrument counts as the next one. */
function scaledUp(text: string, { quantityScale }: Instrument): number {
  const exact = parseScaled(text, quantityScale);
  return exact ?? Math.ceil(Number(text) * 10 ** quantityScale);
}
