// The order in which one task of a replay gets its events, where that is not just the one order.

import type { AnyEvent, Position } from "./event.ts";

export interface TaskOrder {
  /** True while an event waits for its place and `save` would not keep it: no commit here. */
  readonly holding: boolean;
  /** The events to process now that `event`'s turn has come in the one order. */
  release(event: AnyEvent): readonly AnyEvent[];
  /** What `restore` needs; left out where there is nothing to keep. */
  save?(): SavedOrder;
  restore?(saved: SavedOrder, held: readonly AnyEvent[]): void;
}

/** Plain data. */
export interface SavedOrder {
  /** The order's own. */
  readonly state: unknown;
  /** Events that were taken from their lanes and wait, each with its effective time. */
  readonly held: readonly (Position & { readonly timeUs: number })[];
}
