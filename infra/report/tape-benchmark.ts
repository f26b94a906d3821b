// A symbol of the tape as a benchmark: its value at the end of each UTC day. Promises: it does not jump at a
// split, and a cash dividend that the tape tells counts as return; memory is one number a day.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { flat } from "../../schemas/values/holding.ts";
import type { Benchmark } from "./relative-measures.ts";

const DAY_US = 86_400_000_000;

export class TapeBenchmark {
  private readonly name: string;
  private readonly days: number[] = [];
  private readonly values: number[] = [];
  private symbol: string;
  private value = 1;
  private mark = 0;

  constructor(symbol: string) {
    this.name = symbol;
    this.symbol = symbol;
  }

  /** In time order, as are the actions. */
  bar({ symbol, endUs, close }: MarketBar): void {
    if (symbol !== this.symbol || !(close > 0)) return;
    if (this.mark > 0) this.value *= close / this.mark;
    this.mark = close;
    // A day's bar is known at midnight.
    const day = Math.floor((endUs - 1) / DAY_US);
    if (this.days.at(-1) !== day) {
      this.days.push(day);
      this.values.push(this.value);
    } else this.values[this.values.length - 1] = this.value;
  }

  act(action: CorporateAction, instrument: Instrument | undefined): void {
    if (action.symbol !== this.symbol || instrument === undefined) return;
    const { mark } = applyAction(flat, this.mark, action, instrument);
    if (action.action === "DELISTING") this.value *= this.mark > 0 ? mark / this.mark : 1;
    this.mark = mark;
    if (action.action === "SYMBOL_CHANGE") this.symbol = action.newSymbol;
  }

  /** null where the tape holds no bar of the symbol. */
  end(): Benchmark | null {
    const { name, days, values } = this;
    return days.length === 0 ? null : { name, days, values };
  }
}
