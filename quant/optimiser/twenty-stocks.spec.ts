// Daily returns of 20 large stocks, 1990 to 2022, and what is known of portfolios of them, from the folder named by
// TAPEDECK_DATA. Null where the files are not there: those tests are skipped.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";

const folder = process.env.TAPEDECK_DATA ?? resolve(import.meta.dirname, "../../../shared/data");
const file = resolve(folder, "sp500-20-stocks-daily-1990-2022.csv.gz");
const known = resolve(folder, "../golden/portfolio.json");

export interface KnownPortfolios {
  readonly min_variance: KnownWeights & { readonly variance_daily: number };
  readonly min_cvar_95: KnownWeights & { readonly objective: number };
  readonly risk_parity: KnownWeights;
  readonly hrp: Readonly<Record<"single_linkage" | "ward_linkage_optimal_leaf_order", KnownTree>>;
}

interface KnownWeights {
  readonly weights: Readonly<Record<string, number>>;
}

interface KnownTree extends KnownWeights {
  readonly order: readonly string[];
}

function read(): {
  readonly set: ScenarioSet;
  readonly covariance: Float64Array;
  readonly golden: KnownPortfolios;
} | null {
  if (!existsSync(file) || !existsSync(known)) return null;
  const [head = "", ...rows] = gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/);
  const assets = head.split(",").slice(1);
  const prices = rows.map((row) => row.split(",").slice(1).map(Number));
  const count = prices.length - 1;
  const returns = new Float64Array(assets.length * count);
  for (let j = 0; j < assets.length; j++) {
    for (let s = 0; s < count; s++) {
      returns[j * count + s] = (prices[s + 1]?.[j] ?? 0) / (prices[s]?.[j] ?? 1) - 1;
    }
  }
  const probabilities = new Float64Array(count).fill(1 / count);
  const set = { assets, count, returns, probabilities };
  return {
    set,
    covariance: sampleCovariance(set),
    golden: JSON.parse(readFileSync(known, "utf8")),
  };
}

/** Divisor count - 1; probabilities are taken as equal. */
export function sampleCovariance({ assets, count, returns }: ScenarioSet): Float64Array {
  const n = assets.length;
  const deviations = assets.map((_, j) => {
    const row = returns.subarray(j * count, (j + 1) * count);
    const mean = row.reduce((sum, r) => sum + r, 0) / count;
    return row.map((r) => r - mean);
  });
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const a = deviations[i] as Float64Array;
      const b = deviations[j] as Float64Array;
      let sum = 0;
      for (let s = 0; s < count; s++) sum += (a[s] as number) * (b[s] as number);
      covariance[i * n + j] = sum / (count - 1);
      covariance[j * n + i] = sum / (count - 1);
    }
  }
  return covariance;
}

export const twentyStocks = read();
