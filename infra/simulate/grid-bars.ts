// Prints into bars of one grid for all instruments, as a data vendor would deliver them: a bar is
// known at its end, also the last of a day. Promises: the same bars as the flow's bar-builder makes of
// the same prints; instruments in their order; an interval without prints gives no bar.

import type { SimulatedTick } from "../../quant/market-simulator.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";

type OpenBar = { -readonly [Field in keyof MarketBar]: MarketBar[Field] };

export class GridBars {
  /** End of the open interval: a print at or after it asks for `close` first. */
  endUs = Number.NEGATIVE_INFINITY;
  private readonly intervalUs: number;
  private readonly symbols: readonly string[];
  private readonly open: (OpenBar | null)[];

  constructor(intervalUs: number, symbols: readonly string[]) {
    this.intervalUs = intervalUs;
    this.symbols = symbols;
    this.open = symbols.map(() => null);
  }

  /** The bars of the open interval, which is then over. */
  close(): readonly MarketBar[] {
    const bars = this.open.filter((bar) => bar !== null);
    this.open.fill(null);
    return bars;
  }

  /** Folds one print in; flagged ones are left out. */
  add({ instrument, timeUs, price, quantity, suspicious }: SimulatedTick): void {
    if (suspicious) return;
    const bar = this.open[instrument] ?? null;
    if (bar !== null) {
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
      bar.close = price;
      bar.volume += quantity;
      bar.trades++;
      return;
    }
    const startUs = timeUs - (timeUs % this.intervalUs);
    this.endUs = startUs + this.intervalUs;
    this.open[instrument] = {
      symbol: this.symbols[instrument] as string,
      startUs,
      endUs: this.endUs,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: quantity,
      trades: 1,
    };
  }
}
