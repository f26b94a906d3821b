// Prints into time bars. Promises: a bar covers [startUs, endUs), aligned to the interval since the
// epoch, and is written when the same symbol's first print at or after its end arrives, so that no
// other symbol and no partitioning can change it; an interval without prints gives no bar. The last
// interval of a tape stays open. A print left out as suspicious leaves no trace. A bar that is open at a
// split is restated in new shares: it is written after the split.

import { TapedeckError } from "../../schemas/errors.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { BarsConfig } from "../flow-config.ts";

interface OpenBar {
  startUs: number;
  /** Its own, not the interval's: a fork may change the interval while a bar is open. */
  endUs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  trades: number;
}

interface State {
  readonly open: Map<string, OpenBar>;
  /** The bar that the event at hand closed. */
  closed: MarketBar | null;
}

type Input = "market.ticks" | "market.corporate-actions";

/**
 * A print with a price or quantity that cannot be becomes a dead letter: VALUE_PRICE_INVALID,
 * VALUE_QUANTITY_INVALID; a split that cannot be, VALUE_SPLIT_INVALID. A quantity of 0 is a print of
 * no volume.
 */
export function barBuilder(config: BarsConfig): Processor<State, Input, "market.bars"> {
  const { intervalUs } = config;
  const excludes = config.suspicious === "exclude";
  return {
    name: "bar-builder",
    version: 1,
    scope: "symbol",
    inputs: ["market.ticks", "market.corporate-actions"],
    unanswered: ["market.corporate-actions"],
    outputs: { "market.bars": 0 },
    onFailure: "dead-letter",
    initial: () => ({ open: new Map(), closed: null }),
    evolve(state, event) {
      if (event.topic === "market.corporate-actions") {
        restate(state, event.value);
        return state;
      }
      const { timeUs, value } = event;
      state.closed = null;
      if (excludes && value.suspicious) return state;
      const bar = state.open.get(value.symbol);
      if (bar === undefined) {
        check(value, 0);
        state.open.set(value.symbol, opened(value, timeUs, intervalUs));
      } else if (timeUs < bar.endUs) {
        check(value, bar.volume);
        extend(bar, value);
      } else {
        check(value, 0);
        state.closed = finished(value.symbol, bar);
        restart(bar, value, timeUs, intervalUs);
      }
      return state;
    },
    decide: (state) => (state.closed === null ? nothing : [emit("market.bars", state.closed)]),
  };
}

function restate(state: State, action: CorporateAction): void {
  if (action.action === "SPLIT") checkRatio(action);
  state.closed = null;
  const bar = state.open.get(action.symbol);
  if (bar === undefined || action.action !== "SPLIT") return;
  bar.open = splitPrice(bar.open, action);
  bar.high = splitPrice(bar.high, action);
  bar.low = splitPrice(bar.low, action);
  bar.close = splitPrice(bar.close, action);
  bar.volume = splitQuantity(bar.volume, action);
}

/** Comes before any change: a dead letter leaves the state as it was. */
function check(tick: MarketTick, volume: number): void {
  const { symbol, price, quantity } = tick;
  if (!(price > 0)) {
    throw new TapedeckError("VALUE_PRICE_INVALID", `${symbol} printed at price ${price}`, {
      symbol,
      price,
    });
  }
  if (!(quantity >= 0 && volume + quantity <= Number.MAX_SAFE_INTEGER)) {
    throw new TapedeckError(
      "VALUE_QUANTITY_INVALID",
      `${symbol} printed quantity ${quantity} on top of ${volume}`,
      { symbol, quantity, volume },
    );
  }
}

function opened(tick: MarketTick, timeUs: number, intervalUs: number): OpenBar {
  const bar = { startUs: 0, endUs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, trades: 0 };
  restart(bar, tick, timeUs, intervalUs);
  return bar;
}

function restart(
  bar: OpenBar,
  { price, quantity }: MarketTick,
  timeUs: number,
  intervalUs: number,
): void {
  bar.startUs = timeUs - (timeUs % intervalUs);
  bar.endUs = bar.startUs + intervalUs;
  bar.open = price;
  bar.high = price;
  bar.low = price;
  bar.close = price;
  bar.volume = quantity;
  bar.trades = 1;
}

function extend(bar: OpenBar, { price, quantity }: MarketTick): void {
  if (price > bar.high) bar.high = price;
  if (price < bar.low) bar.low = price;
  bar.close = price;
  bar.volume += quantity;
  bar.trades++;
}

const finished = (symbol: string, bar: OpenBar): MarketBar => ({
  symbol,
  startUs: bar.startUs,
  endUs: bar.endUs,
  open: bar.open,
  high: bar.high,
  low: bar.low,
  close: bar.close,
  volume: bar.volume,
  trades: bar.trades,
});
