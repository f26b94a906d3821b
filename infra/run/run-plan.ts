// From a plan to a finished run: what demo, backtest and fork have in common. Shows progress, lets
// Ctrl-C stop it where it can be resumed, and sums up.

import { stopOnInterrupt } from "../cli/interrupt.ts";
import { progressLine } from "../cli/progress.ts";
import { explainModelFailure } from "../models/model-failure.ts";
import { watchModel } from "../models/watched-model.ts";
import {
  type ExecuteOptions,
  execute,
  openPlan,
  type PlannedPhase,
  type RunPlan,
} from "./execute.ts";
import type { RunFolder } from "./run-folder.ts";
import { finishRun, type RunSummary, readSummary } from "./summary.ts";

export interface RunPlanOptions {
  readonly root: string;
  readonly resume: boolean;
  readonly eventsPerCommit: number | null;
  /** See ExecuteOptions. */
  readonly workers?: number;
  readonly into?: NonNullable<ExecuteOptions["into"]>;
}

/** What a stopped run leaves to say. */
export interface Stopped {
  readonly folder: RunFolder;
  readonly sourceEvents: number;
}

/** Runs the plan; the summary, or where it was stopped. */
export async function runPlan(
  plan: RunPlan,
  options: RunPlanOptions,
): Promise<RunSummary | Stopped> {
  const open = await openPlan(plan);
  const { portfolio } = plan.phases[0].config.flow;
  const line = progressLine("replaying", "events");
  const stop = stopOnInterrupt();
  const watches = plan.phases.map(({ config }) => watchModel(config.model));
  let summary: RunSummary | null = null;
  try {
    const run = await execute(open, {
      root: options.root,
      resume: options.resume,
      ...(options.eventsPerCommit === null ? {} : { eventsPerCommit: options.eventsPerCommit }),
      ...(options.into === undefined ? {} : { into: options.into }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onProgress: ({ sourceEvents }) => line.update(sourceEvents, open.sourceEvents),
      stopRequested: stop.requested,
      onComplete: async (folder, manifest) => {
        summary = await finishRun(folder, manifest, open.tape, portfolio);
      },
    });
    line.end();
    if (!run.completed) return { folder: run.folder, sourceEvents: run.sourceEvents };
    // Where it was complete before, its report may be there, or not if it was killed just then.
    summary ??= readSummary(run.folder, run.manifest);
    return summary ?? (await finishRun(run.folder, run.manifest, open.tape, portfolio));
  } catch (error) {
    line.end();
    throw explained(error, plan.phases);
  } finally {
    for (const unwatch of watches) unwatch();
    stop.release();
    await open.tape.close();
  }
}

/** A failure in a user's model, told with the user's file and line. */
function explained(error: unknown, phases: readonly PlannedPhase[]): unknown {
  for (const { config } of phases) {
    const told = explainModelFailure(error, config.model.source);
    if (told !== error) return told;
  }
  return error;
}
