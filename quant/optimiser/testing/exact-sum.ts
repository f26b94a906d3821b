// A sum without rounding, for the tests: what is added is kept as parts that do not overlap. Promises: rounded once, when it is
// read. J. Shewchuk, "Adaptive precision floating-point arithmetic", Discrete & Computational Geometry 18, 1997, theorem 10.

export class ExactSum {
  private parts: number[] = [];

  add(term: number): void {
    if (!Number.isFinite(term)) {
      this.parts = [this.value + term];
      return;
    }
    let rest = term;
    const kept: number[] = [];
    for (const part of this.parts) {
      const sum = rest + part;
      if (!Number.isFinite(sum)) {
        this.parts = [sum];
        return;
      }
      const [large, small] = Math.abs(rest) > Math.abs(part) ? [rest, part] : [part, rest];
      const lost = small - (sum - large);
      if (lost !== 0) kept.push(lost);
      rest = sum;
    }
    this.parts = [...kept, rest];
  }

  /** a · b, split in halves whose products are exact. */
  addProduct(a: number, b: number): void {
    const [highA, highB] = [half(a), half(b)];
    const [lowA, lowB] = [a - highA, b - highB];
    if (!Number.isFinite(highA * highB)) {
      this.add(a * b);
      return;
    }
    for (const term of [highA * highB, highA * lowB, lowA * highB, lowA * lowB]) this.add(term);
  }

  get value(): number {
    return this.parts.reduce((sum, part) => sum + part, 0);
  }
}

/** The upper 26 digits. */
function half(value: number): number {
  const wide = 134217729 * value;
  return wide - (wide - value);
}
