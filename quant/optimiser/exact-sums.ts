// Sums of products that nearly cancel. Promises: each sum as if computed in twice the digits and rounded once when it is read.
// T. Ogita, S. Rump, S. Oishi, "Accurate sum and dot product", SIAM Journal on Scientific Computing 26(6), 2005.

/** Half the distance between 1 and the next number: a plain sum of n terms is known to n times that of their sizes. */
export const HALF_DIGIT = 2 ** -53;
/** 2^27 + 1: splits a number into halves of its digits (T. Dekker, Numerische Mathematik 18, 1971). */
const SPLIT = 134217729;

export class ExactSums {
  private readonly high: Float64Array;
  private readonly low: Float64Array;

  constructor(count: number) {
    this.high = new Float64Array(count);
    this.low = new Float64Array(count);
  }

  /** All sums are 0 again. */
  clear(): void {
    this.high.fill(0);
    this.low.fill(0);
  }

  /** Adds a number to sum k. */
  add(k: number, term: number): void {
    const before = this.high[k] as number;
    const sum = before + term;
    const part = sum - before;
    this.high[k] = sum;
    this.low[k] = (this.low[k] as number) + (before - (sum - part) + (term - part));
  }

  /** Adds a · b. Halves of numbers beyond 1e300 are not finite: the product is then as it is rounded. */
  addProduct(k: number, a: number, b: number): void {
    const product = a * b;
    const wideA = SPLIT * a;
    const wideB = SPLIT * b;
    const highA = wideA - (wideA - a);
    const highB = wideB - (wideB - b);
    const lowA = a - highA;
    const lowB = b - highB;
    const rest = lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
    this.add(k, product);
    if (Number.isFinite(rest)) this.low[k] = (this.low[k] as number) + rest;
  }

  /** Of sum k times a factor, added to sum 0 of `into`. */
  addTo(into: ExactSums, k: number, factor: number): void {
    into.addProduct(0, this.high[k] as number, factor);
    into.addProduct(0, this.low[k] as number, factor);
  }

  value(k: number): number {
    return (this.high[k] as number) + (this.low[k] as number);
  }
}
