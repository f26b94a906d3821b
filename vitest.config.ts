// Four kinds of test, told by the suffix: unit (one module, pure), int (real disk, real
// processes), sim (the whole graph under seeded faults), kafka (a real broker and registry, started
// once for all files; skipped, with the reason, where there is none).
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { LongRuns } from "./law/long-runs.ts";
import { stripThreadSources } from "./law/thread-sources.ts";

stripThreadSources(import.meta.dirname);

/** Minutes, not seconds: begun last, one of them would keep all but one core waiting. */
const LONG = [
  "infra/faults/runs/",
  "infra/log/killed-writer.int",
  "law/deletion.int",
  "processors/flow-following.sim",
  "processors/flow.sim",
  "infra/run/kill.int",
  "infra/sweep/sweep.int",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONG.some((name) => moduleId.includes(name));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const project = (name: string, testTimeout: number, extra: object = {}) => ({
  test: {
    ...extra,
    name,
    include: [
      `{schemas,quant,streams,processors,projections,infra,bench,docs,law,packaging}/**/*.${name}.spec.ts`,
    ],
    testTimeout,
    // What a file prepares may compile, simulate and run as much as a test does.
    hookTimeout: testTimeout,
  },
});

export default defineConfig({
  test: {
    // Many wait for processes and disks: every core is worth a worker.
    maxWorkers: "100%",
    reporters: ["default", new LongRuns({ everyMs: 60_000, longMs: 180_000 })],
    sequence: { sequencer: LongestFirst },
    projects: [
      project("unit", 60_000),
      project("int", 300_000),
      project("sim", 600_000),
      project("kafka", 300_000, {
        globalSetup: ["infra/broker/vitest-kafka.ts"],
        setupFiles: ["infra/broker/vitest-environment.ts"],
      }),
    ],
  },
});
