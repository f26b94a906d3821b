// How many of a symbol's last shares one of its first has become: what makes prices from before a split and
// after it comparable. Promises: 1 for a symbol that never split; a split counts from its own time on.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";

interface Split {
  readonly timeUs: number;
  /** From then on, of one first share. */
  readonly shares: number;
}

export class ShareCounts {
  private readonly splits = new Map<string, Split[]>();

  /** In time order. */
  act({ action, symbol, newShares, oldShares }: CorporateAction, timeUs: number): void {
    if (action !== "SPLIT") return;
    const known = this.splits.get(symbol) ?? [];
    known.push({ timeUs, shares: (this.now(symbol) * newShares) / oldShares });
    this.splits.set(symbol, known);
  }

  now(symbol: string): number {
    return this.splits.get(symbol)?.at(-1)?.shares ?? 1;
  }

  at(symbol: string, timeUs: number): number {
    const before = this.splits.get(symbol)?.findLast((split) => split.timeUs <= timeUs);
    return before?.shares ?? 1;
  }

  splitsOf(symbol: string): number {
    return this.splits.get(symbol)?.length ?? 0;
  }
}
