// The virtual clock: what is to happen when. Promises: actions come out in order of time, and of
// being planned where times are equal; time never goes back.

type Action = () => Promise<void> | void;

interface Entry {
  readonly atUs: number;
  readonly order: number;
  readonly action: Action;
}

const before = (a: Entry, b: Entry): boolean =>
  a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);

export class Agenda {
  nowUs: number;
  private readonly heap: Entry[] = [];
  private planned = 0;

  constructor(startUs: number) {
    this.nowUs = startUs;
  }

  /** An action that is planned for the past happens now. */
  plan(atUs: number, action: Action): void {
    const entry = { atUs: Math.max(atUs, this.nowUs), order: this.planned++, action };
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Sets the clock to the next action and gives it; null when nothing is left to happen. */
  next(): Action | null {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.sink(last);
    this.nowUs = first.atUs;
    return first.action;
  }

  private sink(entry: Entry): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry))
        child++;
      if (!before(heap[child] as Entry, entry)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = entry;
  }
}
