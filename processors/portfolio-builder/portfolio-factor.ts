// One factor on the weights of all slots, from how the positions move together. Promises: what it takes for the portfolio
// to have the target's volatility, and no more than leverage allows; floats in the order of the symbols' first views.

import { portfolioVolatility } from "../../quant/portfolio-volatility.ts";
import { isPair } from "../currency.ts";
import { fullRows } from "../return-rows.ts";
import type { VolatilityTarget } from "../sizing-config.ts";
import type { Book, Name } from "./book.ts";

const BPS = 10_000;

/**
 * What the slots' weights are to be multiplied by so that the portfolio has the target's volatility, without more leverage
 * than allowed; 1 as long as some position's window of returns has not filled.
 */
export function portfolioFactor(
  { names, instruments, returns }: Book,
  { covariance, targetBps, barsPerYear, maxLeverageBps }: VolatilityTarget,
  sizeOf: (name: Name) => number,
): number {
  const held: string[] = [];
  const weights: number[] = [];
  let gross = 0;
  for (const [symbol, name] of names) {
    const instrument = instruments.get(symbol);
    if (name.direction === 0 || instrument === undefined || isPair(instrument)) continue;
    const size = sizeOf(name);
    if (size === 0) continue;
    held.push(symbol);
    weights.push(name.direction * size);
    gross += size;
  }
  const rows = returns === null ? null : fullRows(returns, held);
  if (rows === null || covariance === undefined || gross === 0) return 1;
  const volatility = portfolioVolatility(weights, rows, covariance.shrinkage);
  if (volatility === null) return 1;
  const most = maxLeverageBps / BPS / gross;
  // A book that is hedged to the last is not made ever larger: leverage ends it.
  const wanted = targetBps / BPS / (volatility * Math.sqrt(barsPerYear));
  return wanted < most ? wanted : most;
}
