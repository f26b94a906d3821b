// How fast a sweep tries settings: 1,000 EMA pairs over 45,000 one-minute bars, each through the whole flow
// (every risk check, orders, paper venue with fees, exact books), on two threads; the clock runs from opening
// the tape to the last result on disk. The page and its odds of luck are written after that.
//
// "Two cores" is twice the bar-parameters in a second of processor time, of all threads, start and compiler
// included: what two cores that do nothing else give. The wall time beside it moves with what else they do.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseAxis } from "../infra/sweep/axes.ts";
import { runSweep } from "../infra/sweep/sweep.ts";
import { median, report } from "./measured.ts";
import { clear, prepare } from "./replay.ts";

const BARS = 45_000;
const ROUNDS = 3;
const BOUND = 2_000_000;
/** Of vectorbt's simulated portfolio without orders, risk, fees or exact books, as it was stated. */
const STATED = 1_650_000;
const AXES = ["features.emaFast=5..43:2", "features.emaSlow=45..290:5"];

interface Measured {
  readonly wall: number;
  readonly cores: number;
  readonly best: string;
}

async function measure(config: string, root: string): Promise<Measured> {
  const before = process.cpuUsage();
  const start = performance.now();
  let searched: Omit<Measured, "best"> | null = null;
  const sweep = await runSweep(
    { config, axes: AXES.map(parseAxis), random: null, measure: "sharpe", version: "bench" },
    {
      root,
      threads: 2,
      onProgress(done, total) {
        if (done < total) return;
        const { user, system } = process.cpuUsage(before);
        const parameters = BARS * total;
        searched = {
          wall: parameters / ((performance.now() - start) / 1000),
          cores: (2 * parameters) / ((user + system) / 1e6),
        };
      },
    },
  );
  if (searched === null || "stopped" in sweep) throw new Error("the sweep did not end");
  const { wall, cores } = searched as Omit<Measured, "best">;
  return { wall, cores, best: (sweep.sets[sweep.order[0] ?? 0] ?? []).join("/") };
}

const bench = await prepare(BARS);
try {
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const root = join(bench.folder, `root-${round}`);
    rounds.push(await measure(bench.config, root));
    rmSync(root, { recursive: true, force: true });
  }
  const best = new Set(rounds.map((one) => one.best));
  if (best.size !== 1) throw new Error(`rounds differ: ${[...best].join(", ")}`);
  const figures = [
    ["sweep, two cores", rounds.map(({ cores }) => cores)],
    ["sweep, wall time of two threads", rounds.map(({ wall }) => wall)],
  ] as const;
  for (const [name, values] of figures) {
    const value = median(values);
    report({
      name,
      value,
      unit: "bar-parameters/s",
      reference: STATED,
      ratio: value / STATED,
      against: "vectorbt without orders, fees or risk, stated, not measured here",
      ...(value < BOUND ? { missed: `at least ${BOUND} bar-parameters/s` } : {}),
    });
  }
} finally {
  clear(bench);
}
