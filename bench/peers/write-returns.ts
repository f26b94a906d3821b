// Writes the returns that bench/peers/portfolio.py and bench/peers/portfolio.ts read, as CSV: the 20 stocks where
// TAPEDECK_DATA is, or drawn ones.
//
//   node bench/peers/write-returns.ts stocks > returns.csv
//   node bench/peers/write-returns.ts 50 10000 > returns.csv

import { heavyTailedScenarios } from "../portfolio-programs.ts";
import { stockScenarios } from "../stock-scenarios.ts";

const [what = "stocks", count = "10000"] = process.argv.slice(2);
const set =
  what === "stocks" ? stockScenarios() : heavyTailedScenarios(Number(what), Number(count), 1);
if (set === null) throw new Error("the 20 stocks are not there: set TAPEDECK_DATA to their folder");
const lines = [set.assets.join(",")];
for (let s = 0; s < set.count; s++) {
  lines.push(set.assets.map((_, j) => set.returns[j * set.count + s]).join(","));
}
process.stdout.write(`${lines.join("\n")}\n`);
