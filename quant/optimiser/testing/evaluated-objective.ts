// What an answer is worth and by how much it misses its limits, by the definitions and nothing else. Promises:
// no code of a solver is used, so that a mistake there cannot repeat itself here. Slow and plain.

import type { Program, SmoothTerm } from "../program.ts";

export function netWeights({ holdings, variables }: Program, x: Float64Array): Float64Array {
  const net = new Float64Array(holdings.assets);
  for (let j = 0; j < variables; j++) {
    const asset = holdings.asset[j] as number;
    if (asset >= 0)
      net[asset] = (net[asset] ?? 0) + (holdings.sign[j] as number) * (x[j] as number);
  }
  return net;
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

/** Mean of the worst `mass` of the losses, the scenario at the boundary in part. */
export function cvar(
  losses: Float64Array,
  probabilities: Float64Array,
  mass: number,
): { readonly value: number; readonly masses: Float64Array } {
  const order = Array.from(losses, (_, s) => s).sort(
    (a, b) => (losses[b] as number) - (losses[a] as number),
  );
  const masses = new Float64Array(losses.length);
  let [left, value] = [1, 0];
  for (const s of order) {
    const taken = Math.min(left, (probabilities[s] as number) / mass);
    masses[s] = taken;
    value += taken * (losses[s] as number);
    left -= taken;
    if (left <= 0) break;
  }
  // What rounding of the probabilities leaves goes to the worst.
  if (left > 0) value += left * (losses[order[0] as number] as number);
  return { value, masses };
}

function lossesOf(program: Program, net: Float64Array): Float64Array {
  const scenarios = program.tail?.scenarios;
  if (scenarios === undefined) return new Float64Array(0);
  const losses = new Float64Array(scenarios.count);
  net.forEach((weight, asset) => {
    if (weight === 0) return;
    const from = asset * scenarios.count;
    for (let s = 0; s < scenarios.count; s++) {
      losses[s] = (losses[s] as number) - weight * (scenarios.returns[from + s] as number);
    }
  });
  return losses;
}

interface Smooth {
  readonly value: number;
  /** Sum of the sizes of what the value is the sum of. */
  readonly terms: number;
  /** By variable. */
  readonly gradient: Float64Array;
  /** Of the sums that the gradient's entries are, the sizes of their parts. */
  readonly sizes: Float64Array;
}

function smoothTerm(program: Program, term: SmoothTerm, x: Float64Array): Smooth {
  const { holdings, variables } = program;
  const gradient = new Float64Array(variables);
  if (term.kind === "IMPACT") {
    let value = 0;
    for (let j = 0; j < variables; j++) {
      const [coefficient, size] = [term.coefficients[j] as number, Math.abs(x[j] as number)];
      value += coefficient * size * Math.sqrt(size);
      gradient[j] = 1.5 * coefficient * Math.sign(x[j] as number) * Math.sqrt(size);
    }
    return { value, terms: value, gradient, sizes: gradient.map(Math.abs) };
  }
  const net = netWeights(program, x);
  let [value, terms] = [0, 0];
  let slope: Float64Array;
  let parts: Float64Array;
  if (term.kind === "NORM") {
    const norm = Math.hypot(...net);
    value = terms = term.weight * norm;
    slope = net.map((weight) => (norm > 0 ? (term.weight * weight) / norm : 0));
    parts = slope.map(Math.abs);
  } else {
    const n = holdings.assets;
    const sizes = net.map(Math.abs);
    const row = (i: number) => term.covariance.subarray(i * n, (i + 1) * n);
    parts = net.map((_, i) => 2 * term.weight * dot(row(i).map(Math.abs), sizes));
    slope = net.map((_, i) => dot(row(i), net));
    value = term.weight * dot(slope, net);
    terms = dot(parts, sizes) / 2;
    slope = slope.map((sum) => 2 * term.weight * sum);
  }
  const sizes = new Float64Array(variables);
  for (let j = 0; j < variables; j++) {
    const asset = holdings.asset[j] as number;
    if (asset < 0) continue;
    gradient[j] = (holdings.sign[j] as number) * (slope[asset] as number);
    sizes[j] = parts[asset] as number;
  }
  return { value, terms, gradient, sizes };
}

interface Evaluated {
  readonly objective: number;
  /** Sum of the sizes of the objective's parts: what it may lose to cancellation. */
  readonly size: number;
  /** By how much the order of its sums may move the objective. */
  readonly rounding: number;
  readonly smooth: number;
  readonly smoothGradient: Float64Array;
  /** Of each entry, the sizes of its parts together. */
  readonly smoothSizes: Float64Array;
}

export function evaluate(program: Program, x: Float64Array): Evaluated {
  const { tail } = program;
  let objective = dot(program.cost, x);
  let size = dot(program.cost.map(Math.abs), x.map(Math.abs));
  let rounding = 0;
  if (tail !== undefined) {
    const { probabilities, count } = tail.scenarios;
    const net = netWeights(program, x);
    const losses = lossesOf(program, net);
    const { value, masses } = cvar(losses, probabilities, tail.mass);
    const worst = losses.reduce((most, loss) => Math.max(most, Math.abs(loss)), 0);
    rounding = (2 ** -52 * count * tail.weight * worst) / tail.mass;
    objective += tail.weight * value;
    net.forEach((weight, asset) => {
      masses.forEach((mass, s) => {
        if (mass === 0) return;
        const move = tail.scenarios.returns[asset * tail.scenarios.count + s] as number;
        size += tail.weight * mass * Math.abs(weight * move);
      });
    });
  }
  const smoothGradient = new Float64Array(program.variables);
  const smoothSizes = new Float64Array(program.variables);
  let [smooth, unhedged] = [0, 0];
  for (const term of program.smooth ?? []) {
    const { value, terms, gradient, sizes } = smoothTerm(program, term, x);
    smooth += value;
    unhedged += terms;
    rounding += 2 ** -53 * program.holdings.assets * terms;
    gradient.forEach((slope, j) => {
      smoothGradient[j] = (smoothGradient[j] ?? 0) + slope;
      smoothSizes[j] = (smoothSizes[j] ?? 0) + (sizes[j] as number);
    });
  }
  const total = size + unhedged;
  rounding += 1e-11 * total;
  const smoothed = { smooth, smoothGradient, smoothSizes };
  return { objective: objective + smooth, size: total, rounding, ...smoothed };
}

export const rowOf = ({ rows, variables }: Program, i: number): Float64Array =>
  rows.coefficients.subarray(i * variables, (i + 1) * variables);

/**
 * The largest violation: of a bound against 1, of a row against its largest coefficient, or against the size of
 * what is limited if that is larger. So it does not matter in which unit a row is written.
 */
export function violation(program: Program, x: Float64Array): { size: number; where: string } {
  let worst = { size: 0, where: "" };
  const check = (by: number, against: number, where: string): void => {
    const size = Number.isNaN(by) ? Number.POSITIVE_INFINITY : by / Math.max(1, against);
    if (size > worst.size) worst = { size, where };
  };
  x.forEach((value, j) => {
    const [lower, upper] = [program.lower[j] as number, program.upper[j] as number];
    check(lower - value, Math.abs(value), `lower bound of variable ${j}`);
    check(value - upper, Math.abs(value), `upper bound of variable ${j}`);
  });
  for (let i = 0; i < program.rows.count; i++) {
    const row = rowOf(program, i);
    const value = dot(row, x);
    const own = row.reduce((most, each) => Math.max(most, Math.abs(each)), 0) || 1;
    const size = dot(row.map(Math.abs), x.map(Math.abs)) / own;
    check(((program.rows.lower[i] as number) - value) / own, size, `lower limit of row ${i}`);
    check((value - (program.rows.upper[i] as number)) / own, size, `upper limit of row ${i}`);
  }
  return worst;
}
