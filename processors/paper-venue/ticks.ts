// The grid that an instrument's prices lie on. Promises: what is rounded lies on it, and no nearer than asked. Prices are
// scaled integers; a linear contract's may be 0 and below it, as crude oil futures were in April 2020.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";

export type Grid = Pick<Instrument, "tickSize" | "contract">;

export const tickOf = ({ tickSize }: Pick<Grid, "tickSize">): number => Math.max(tickSize, 1);

/** The nearest price on the grid that is not below it, or not above it. */
export function onGrid(price: number, grid: Grid, towards: "up" | "down"): number {
  const tick = tickOf(grid);
  const over = price % tick;
  if (over === 0) return price;
  if (towards === "up") return price - over + (over > 0 ? tick : 0);
  return price - over - (over < 0 ? tick : 0);
}

/** The least price that there is. */
export const leastPrice = (grid: Grid): number =>
  grid.contract === "LINEAR" ? Number.MIN_SAFE_INTEGER : tickOf(grid);
