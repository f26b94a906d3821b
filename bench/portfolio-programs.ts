// The programs that bench/quant.bench.ts times, ours and HiGHS' alike. Returns are drawn, not history, in daily size: of
// five equal factors, or of one market as stocks have it; Student t with 4 degrees of freedom; the same from the same seed.

import type { Program } from "../quant/optimiser/program.ts";
import { conditionalValueAtRisk } from "../quant/optimiser/tail-loss.ts";
import { Random } from "../quant/random.ts";
import type { ScenarioSet } from "../quant/scenarios/scenario-set.ts";

const FACTORS = 5;
const FREEDOM = 4;
/** Of the published example, in daily returns. */
const KERNEL_WIDTH = 0.005;
const SECTORS = 11;

export function heavyTailedScenarios(assets: number, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const loadings = Array.from({ length: assets * FACTORS }, () => 0.4 + 0.3 * random.normal());
  const drift = Array.from({ length: assets }, () => 0.0004 + 0.0002 * random.normal());
  const noise = Array.from({ length: assets }, () => 0.008 + 0.008 * random.uniform());
  const returns = new Float64Array(assets * count);
  const factor = new Float64Array(FACTORS);
  for (let s = 0; s < count; s++) {
    const size = heavySize(random);
    for (let k = 0; k < FACTORS; k++) factor[k] = 0.006 * size * random.normal();
    for (let j = 0; j < assets; j++) {
      let value = (drift[j] as number) + (noise[j] as number) * size * random.normal();
      for (let k = 0; k < FACTORS; k++) {
        value += (loadings[j * FACTORS + k] as number) * (factor[k] as number);
      }
      returns[j * count + s] = value;
    }
  }
  return drawn(assets, count, returns);
}

/** One divisor for all: assets fall together, as a multivariate t does. */
function heavySize(random: Random): number {
  let squares = 0;
  for (let k = 0; k < FREEDOM; k++) squares += random.normal() ** 2;
  return 1 / Math.sqrt(squares / FREEDOM);
}

const drawn = (assets: number, count: number, returns: Float64Array): ScenarioSet => ({
  assets: Array.from({ length: assets }, (_, j) => `A${j}`),
  count,
  returns,
  probabilities: new Float64Array(count).fill(1 / count),
});

/**
 * A market that no long portfolio is free of, eleven sectors, noise of each stock's own; larger for those of a larger beta.
 * Sizes are those of the last ten years of the 20 stocks of stock-scenarios.ts: market 1.1 % a day; betas 1 ± 0.33 and
 * never below 0.57; own risk 1.29 % in the middle, ± 37 %, correlated with beta by 0.75; means 7.2 ± 4 basis points.
 */
export function stockLikeScenarios(assets: number, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const stocks = Array.from({ length: assets }, () => {
    const risky = random.normal();
    const own = 0.75 * risky + Math.sqrt(1 - 0.75 * 0.75) * random.normal();
    return {
      beta: Math.max(0.5, 1 + 0.33 * risky),
      noise: 0.0115 * Math.exp(0.37 * own),
      drift: 0.00072 + 0.0004 * random.normal(),
      sector: Math.floor(SECTORS * random.uniform()),
    };
  });
  const returns = new Float64Array(assets * count);
  for (let s = 0; s < count; s++) {
    // Of variance 1: that of Student t with 4 degrees of freedom is 2.
    const size = heavySize(random) * Math.SQRT1_2;
    const market = 0.011 * size * random.normal();
    const sectors = Array.from({ length: SECTORS }, () => 0.006 * size * random.normal());
    for (const [j, { beta, noise, drift, sector }] of stocks.entries()) {
      const own = (sectors[sector] as number) + noise * size * random.normal();
      returns[j * count + s] = drift + beta * market + own;
    }
  }
  return drawn(assets, count, returns);
}

export function meanReturns({ assets, count, returns, probabilities }: ScenarioSet): Float64Array {
  return Float64Array.from(assets, (_, j) => {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (probabilities[s] as number) * (returns[j * count + s] as number);
    }
    return sum;
  });
}

/** CVaR at 95 %, weights from 0 to `cap`, sum 1. */
export function minimumCvar(scenarios: ScenarioSet, cap = Number.POSITIVE_INFINITY): Program {
  const assets = scenarios.assets.length;
  return {
    variables: assets,
    cost: new Float64Array(assets),
    lower: new Float64Array(assets),
    upper: new Float64Array(assets).fill(cap),
    rows: {
      count: 1,
      coefficients: new Float64Array(assets).fill(1),
      lower: new Float64Array([1]),
      upper: new Float64Array([1]),
    },
    holdings: {
      assets,
      asset: Int32Array.from({ length: assets }, (_, j) => j),
      sign: new Float64Array(assets).fill(1),
    },
    tail: { weight: 1, mass: 0.05, scenarios },
  };
}

/** Risk aversion 1: CVaR less the mean. */
export function cvarLessMean(scenarios: ScenarioSet): Program {
  return { ...minimumCvar(scenarios), cost: meanReturns(scenarios).map((mean) => -mean) };
}

/** Expected return of at least `target` on top. */
export function withTarget(program: Program, mean: Float64Array, target: number): Program {
  const { rows } = program;
  const join = (first: Float64Array, rest: Float64Array): Float64Array =>
    Float64Array.from([...first, ...rest]);
  return {
    ...program,
    rows: {
      count: rows.count + 1,
      coefficients: join(rows.coefficients, mean),
      lower: join(rows.lower, new Float64Array([target])),
      upper: join(rows.upper, new Float64Array([Number.POSITIVE_INFINITY])),
    },
  };
}

/**
 * Least CVaR less expected return, each asset long up to 0.4 or short up to 0.1, cash up to 0.2, sum with cash 1,
 * gross at most 1.6: the limits of NVIDIA's published example, but all of the CVaR counts, so that many are held.
 */
export const leveraged = (scenarios: ScenarioSet): Program =>
  longShort(scenarios, { mean: meanReturns(scenarios), short: 0.1, weight: 1 });

interface LongShort {
  /** Expected returns. */
  readonly mean: Float64Array;
  /** Largest weight of a short. */
  readonly short: number;
  /** Of CVaR. */
  readonly weight: number;
}

function longShort(scenarios: ScenarioSet, { mean, short, weight }: LongShort): Program {
  const assets = scenarios.assets.length;
  const variables = 2 * assets + 1;
  const sign = Float64Array.from({ length: variables }, (_, j) =>
    j >= assets && j < 2 * assets ? -1 : 1,
  );
  const asset = Int32Array.from({ length: variables }, (_, j) =>
    j === 2 * assets ? -1 : j % assets,
  );
  const upper = sign.map((own) => (own > 0 ? 0.4 : short));
  upper[2 * assets] = 0.2;
  const gross = sign.map((_, j) => (j === 2 * assets ? 0 : 1));
  return {
    variables,
    cost: sign.map((own, j) => (j === 2 * assets ? 0 : -own * (mean[j % assets] as number))),
    lower: new Float64Array(variables),
    upper,
    rows: {
      count: 2,
      coefficients: Float64Array.from([...sign, ...gross]),
      lower: new Float64Array([1, Number.NEGATIVE_INFINITY]),
      upper: new Float64Array([1, 1.6]),
    },
    holdings: { assets, asset, sign },
    tail: { weight, mass: 0.05, scenarios },
  };
}

/**
 * NVIDIA's published example (github.com/NVIDIA-AI-Blueprints/quantitative-portfolio-optimization,
 * notebooks/cvar_basic.ipynb), as its code has it: 397 names; 10,000 scenarios by kernel density of width 0.005 around
 * three years of daily returns, whose own means are expected; weights from -0.3 to 0.4, of one name from 0.1 to 0.6; cash
 * up to 0.2, gross up to 1.6; CVaR at 95 % times risk aversion 1, which its code multiplies by the largest return / CVaR
 * of a single name. Fourteen names are held there. Those years' prices are not in here: the 752 days are
 * drawn from the model above, whose sample means are as far apart as those of three years are.
 */
export function publishedExample(seed: number): Program {
  const history = heavyTailedScenarios(397, 752, seed);
  const mean = meanReturns(history);
  const random = new Random(seed + 1);
  const count = 10_000;
  const assets = history.assets.length;
  const returns = new Float64Array(assets * count);
  for (let s = 0; s < count; s++) {
    const day = random.integer(history.count);
    for (let a = 0; a < assets; a++) {
      const past = history.returns[a * history.count + day] as number;
      returns[a * count + s] = past + KERNEL_WIDTH * random.normal();
    }
  }
  const probabilities = new Float64Array(count).fill(1 / count);
  const scenarios = { assets: history.assets, count, returns, probabilities };
  let best = 0;
  for (let a = 0; a < assets; a++) {
    const losses = returns.slice(a * count, (a + 1) * count).map((value) => -value);
    const risk = conditionalValueAtRisk(losses, probabilities, 0.05);
    best = Math.max(best, (mean[a] as number) / risk);
  }
  const program = longShort(scenarios, { mean, short: 0.3, weight: best });
  program.lower[0] = 0.1;
  program.upper[0] = 0.6;
  program.upper[assets] = 0;
  return program;
}

/** DRO-ES: the norm of the weights on top. */
export function robust(program: Program, radius: number): Program {
  return { ...program, smooth: [{ kind: "NORM", weight: radius }] };
}
