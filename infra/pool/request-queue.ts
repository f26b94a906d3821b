// What waits for a device. Promises: higher priority first, then first come, first served; whoever is taken out
// leaves at once and costs nothing more.

export interface Waiting {
  readonly priority: number;
}

export class RequestQueue<Item extends Waiting> {
  /** Highest priority first; items in the order of their coming. */
  private lanes: { readonly priority: number; readonly items: Set<Item> }[] = [];
  size = 0;

  push(item: Item): void {
    this.lane(item.priority).add(item);
    this.size++;
  }

  /** Before all others of its priority: for what had its turn and lost it. */
  pushFirst(item: Item): void {
    const lane = this.lane(item.priority);
    const rest = [...lane];
    lane.clear();
    lane.add(item);
    for (const other of rest) lane.add(other);
    this.size++;
  }

  /** False where it does not wait. */
  remove(item: Item): boolean {
    const lane = this.lanes.find(({ priority }) => priority === item.priority);
    if (lane === undefined || !lane.items.delete(item)) return false;
    this.size--;
    if (lane.items.size === 0) this.lanes = this.lanes.filter((other) => other !== lane);
    return true;
  }

  /** The first that fits, taken out. */
  take(fits: (item: Item) => boolean): Item | null {
    for (const item of this) {
      if (!fits(item)) continue;
      this.remove(item);
      return item;
    }
    return null;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const { items } of this.lanes) yield* items;
  }

  private lane(priority: number): Set<Item> {
    const known = this.lanes.find((lane) => lane.priority === priority);
    if (known !== undefined) return known.items;
    const lane = { priority, items: new Set<Item>() };
    this.lanes = [...this.lanes, lane].sort((a, b) => b.priority - a.priority);
    return lane.items;
  }
}
