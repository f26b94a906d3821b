// How far a weight may lie from its target before trading it back is worth the cost. Promises: the
// same bits on every engine; 0 where there is nothing to wait for.

import { exponential } from "./exponential.ts";
import { naturalLog } from "./logarithm.ts";

/**
 * Half width of the no-trade region around the weight `target`, for small proportional costs:
 *
 *     ( 3 / (2 γ) × cost × target² (1 - target)² )^(1/3)
 *
 * `cost` is what one side of a trade costs, as a fraction of its value (half the spread and the fee);
 * `riskAversion` is γ, relative, 1 for log utility. Source: Janeček and Shreve, "Asymptotic analysis for
 * optimal investment and consumption with transaction costs", Finance and Stochastics 8 (2004); the same
 * in Gerhold, Guasoni, Muhle-Karbe and Schachermayer, Finance and Stochastics 18 (2014), theorem 2.2, whose ε
 * is both sides' cost. Their market has one risky asset: in a book each weight is taken by itself.
 *
 * At the targets 0 and 1 the weight does not move by itself, and the half width is 0.
 */
export function noTradeHalfWidth(target: number, cost: number, riskAversion: number): number {
  const spread = target * (1 - target);
  const cube = ((1.5 * cost) / riskAversion) * spread * spread;
  return cube > 0 ? exponential(naturalLog(cube) / 3) : 0;
}

/**
 * Where to trade to: nowhere within the half width, else to the region's nearer edge, which is optimal
 * where costs are proportional (Davis and Norman, Mathematics of Operations Research 15, 1990).
 */
export function nearestInBand(weight: number, target: number, halfWidth: number): number {
  if (weight > target + halfWidth) return target + halfWidth;
  if (weight < target - halfWidth) return target - halfWidth;
  return weight;
}
