// How far to go along an edge on which a convex piecewise linear objective first falls: to the kink where it
// stops falling, however many kinks lie before. Promises: exact selection in O(kinks) on average.

/** A slope that turns by all kinks together may fall short of 0 by the rounding of their sum. */
const ROUNDING = 1e-11;

export class StepSearch {
  count = 0;
  private lengths = new Float64Array(256);
  private slopes = new Float64Array(256);
  private ids = new Int32Array(256);

  clear(): void {
    this.count = 0;
  }

  /** A kink at `length` from here, where the slope grows by `slope`. */
  add(length: number, slope: number, id: number): void {
    if (this.count === this.ids.length) this.grow();
    this.lengths[this.count] = length;
    this.slopes[this.count] = slope;
    this.ids[this.count++] = id;
  }

  id(place: number): number {
    return this.ids[place] as number;
  }

  length(place: number): number {
    return this.lengths[place] as number;
  }

  /** What all kinks together add to the slope. */
  get total(): number {
    let total = 0;
    for (let k = 0; k < this.count; k++) total += this.slopes[k] as number;
    return total;
  }

  /**
   * Orders the kinks so that those before the turn come first, and answers with the place of the one at which a slope
   * that begins at `-fall` is first 0 or more; -1 if it stays below 0.
   */
  turn(fall: number): number {
    let from = 0;
    let to = this.count;
    let left = fall;
    if (to === 0 || this.total < left * (1 - ROUNDING)) return -1;
    while (to - from > 1) {
      const pivot = this.middle(from, to);
      let i = from;
      let smaller = from;
      let larger = to;
      let before = 0;
      let within = 0;
      while (i < larger) {
        const length = this.lengths[i] as number;
        if (length < pivot) {
          before += this.slopes[i] as number;
          this.swap(i++, smaller++);
        } else if (length > pivot) this.swap(i, --larger);
        else within += this.slopes[i++] as number;
      }
      if (before >= left && smaller > from) to = smaller;
      else if (before + within >= left || larger === to) return this.steepest(smaller, larger);
      else {
        left -= before + within;
        from = larger;
      }
    }
    return from;
  }

  /** Of equal lengths, the one with the steepest kink: it is divided by. */
  private steepest(from: number, to: number): number {
    let steepest = from;
    for (let k = from + 1; k < to; k++) {
      if ((this.slopes[k] as number) > (this.slopes[steepest] as number)) steepest = k;
    }
    this.swap(from, steepest);
    return from;
  }

  private middle(from: number, to: number): number {
    const a = this.lengths[from] as number;
    const b = this.lengths[(from + to) >>> 1] as number;
    const c = this.lengths[to - 1] as number;
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  private swap(a: number, b: number): void {
    if (a === b) return;
    const { lengths, slopes, ids } = this;
    const length = lengths[a] as number;
    lengths[a] = lengths[b] as number;
    lengths[b] = length;
    const slope = slopes[a] as number;
    slopes[a] = slopes[b] as number;
    slopes[b] = slope;
    const id = ids[a] as number;
    ids[a] = ids[b] as number;
    ids[b] = id;
  }

  private grow(): void {
    const lengths = new Float64Array(2 * this.count);
    lengths.set(this.lengths);
    this.lengths = lengths;
    const slopes = new Float64Array(2 * this.count);
    slopes.set(this.slopes);
    this.slopes = slopes;
    const ids = new Int32Array(2 * this.count);
    ids.set(this.ids);
    this.ids = ids;
  }
}
