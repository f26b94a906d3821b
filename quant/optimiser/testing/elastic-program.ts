// A linear program whose rows may give way at a price: what a program with a tail is to a solver that
// knows nothing of tails. Promises: the same optimum as the program's linear part and its CVaR.

import type { Program } from "../program.ts";

/** minimise cost·x + Σ_i price_i · (violation of row i), rows given row by row, sparse. */
export interface ElasticProgram {
  readonly variables: number;
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rows: number;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  /** What a unit below its lower limit costs; Infinity where a row must hold. */
  readonly price: Float64Array;
  /** The objective of the program is `unit` times that of this one. */
  readonly unit: number;
  /** What each row of the program was divided by: so that its largest coefficient is 1. */
  readonly rowUnits: Float64Array;
}

/** Rows one after the other, zeros left out. */
class SparseRows {
  readonly starts: number[] = [0];
  private indices: Int32Array;
  private values: Float64Array;
  private size = 0;

  constructor(expected: number) {
    this.indices = new Int32Array(expected);
    this.values = new Float64Array(expected);
  }

  put(index: number, value: number): void {
    if (value === 0) return;
    this.indices[this.size] = index;
    this.values[this.size++] = value;
  }

  end(): void {
    this.starts.push(this.size);
  }

  done(): Pick<ElasticProgram, "starts" | "indices" | "values"> {
    const starts = Int32Array.from(this.starts);
    const [indices, values] = [this.indices, this.values];
    return { starts, indices: indices.slice(0, this.size), values: values.slice(0, this.size) };
  }
}

/** So large that the usual cost or return is about 1 in the units of the elastic program. */
function unitOf({ cost, tail }: Program): number {
  const sizes: number[] = [];
  for (const value of cost) if (value !== 0) sizes.push(Math.abs(value));
  if (tail !== undefined) {
    const { returns } = tail.scenarios;
    const step = Math.max(1, Math.floor(returns.length / 999));
    for (let at = 0; at < returns.length; at += step) {
      const size = tail.weight * Math.abs(returns[at] as number);
      if (size > 0) sizes.push(size);
    }
  }
  // What is nothing but rounding beside the rest is no measure of it.
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const usual = sizes.filter((size) => size > 1e-9 * largest).sort((a, b) => a - b);
  return usual[Math.floor(usual.length / 2)] ?? 1;
}

/**
 * With a tail, the value at risk is one more variable and each scenario that can happen a row. `compact`
 * adds the net weight of each asset as a variable, so that an asset held in several parts has one column of
 * returns. Variables come first in either. Smooth terms are not looked at. Cost: a copy of the scenarios.
 */
export function elasticProgram(program: Program, compact: boolean): ElasticProgram {
  const { variables, holdings, tail, rows } = program;
  const nets = compact && tail !== undefined ? holdings.assets : 0;
  const risk = variables + nets;
  const columns = tail === undefined ? variables : risk + 1;
  const unit = unitOf(program);
  const happens = tail === undefined ? [] : scenariosThatHappen(tail.scenarios.probabilities);
  const width = compact ? nets : variables;
  const sparse = new SparseRows(
    rows.count * variables + (nets > 0 ? variables + nets : 0) + happens.length * (width + 1),
  );
  const count = rows.count + nets + happens.length;
  const rowLower = new Float64Array(count);
  const rowUpper = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const price = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const rowUnits = new Float64Array(rows.count);
  for (let i = 0; i < rows.count; i++) {
    const row = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    const own = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    row.forEach((value, j) => {
      sparse.put(j, value / own);
    });
    sparse.end();
    rowLower[i] = (rows.lower[i] as number) / own;
    rowUpper[i] = (rows.upper[i] as number) / own;
    rowUnits[i] = own;
  }
  for (let asset = 0; asset < nets; asset++) {
    for (let j = 0; j < variables; j++) {
      if (holdings.asset[j] === asset) sparse.put(j, holdings.sign[j] as number);
    }
    sparse.put(variables + asset, -1);
    sparse.end();
    rowUpper[rows.count + asset] = 0;
  }
  if (tail !== undefined) {
    const { returns, count: scenarios, probabilities } = tail.scenarios;
    happens.forEach((s, at) => {
      for (let j = 0; j < width; j++) {
        const asset = compact ? j : (holdings.asset[j] as number);
        if (asset < 0) continue;
        const value = (returns[asset * scenarios + s] as number) * (tail.weight / unit);
        sparse.put(compact ? variables + j : j, compact ? value : (holdings.sign[j] ?? 0) * value);
      }
      sparse.put(risk, 1);
      sparse.end();
      price[rows.count + nets + at] = (probabilities[s] as number) / tail.mass;
    });
  }
  const cost = new Float64Array(columns);
  program.cost.forEach((value, j) => {
    cost[j] = value / unit;
  });
  if (tail !== undefined) cost[risk] = 1;
  const lower = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  const upper = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  lower.set(program.lower);
  upper.set(program.upper);
  const all = { rows: count, ...sparse.done(), rowLower, rowUpper, price };
  return { variables: columns, cost, lower, upper, ...all, unit, rowUnits };
}

export function scenariosThatHappen(probabilities: Float64Array): readonly number[] {
  const happens: number[] = [];
  probabilities.forEach((probability, s) => {
    if (probability > 0) happens.push(s);
  });
  return happens;
}
