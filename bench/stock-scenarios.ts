// Daily returns of 20 large stocks, 1990 to 2022, from the folder named by TAPEDECK_DATA; null where it is not there.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ScenarioSet } from "../quant/scenarios/scenario-set.ts";

const folder = process.env.TAPEDECK_DATA ?? resolve(import.meta.dirname, "../../shared/data");
const file = resolve(folder, "sp500-20-stocks-daily-1990-2022.csv.gz");

export function stockScenarios(): ScenarioSet | null {
  if (!existsSync(file)) return null;
  const [head = "", ...lines] = gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/);
  const assets = head.split(",").slice(1);
  const prices = lines.map((line) => line.split(",").slice(1).map(Number));
  const count = prices.length - 1;
  const returns = new Float64Array(assets.length * count);
  for (let j = 0; j < assets.length; j++) {
    for (let s = 0; s < count; s++) {
      returns[j * count + s] = (prices[s + 1]?.[j] ?? 0) / (prices[s]?.[j] ?? 1) - 1;
    }
  }
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}
