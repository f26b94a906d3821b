// The optimiser's problems, solved by a pool of threads while a closed run goes on. Promises: an answer is the one that this
// thread would give, byte for byte: it follows from the request alone; what the pool gives no answer to is solved here.

import type { AnswerRequest } from "../../processors/optimiser-pool/optimiser-pool.ts";
import {
  type AskedProblem,
  answerFrom,
  answerTo,
  type Found,
  returnsOf,
} from "../../processors/pool-work.ts";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import type { Preparing } from "../../streams/closed-run.ts";
import { cpuDrivers } from "../pool/cpu-device.ts";
import { openPool } from "../pool/open-pool.ts";
import type { Pool } from "../pool/pool.ts";
import type { SolveWork } from "../pool/work.ts";

export interface PoolAnswers {
  /** From what was prepared, or solved here. */
  readonly answer: AnswerRequest;
  readonly preparing: Preparing;
  /** What was measured so far. */
  measured(): PoolFigures;
  close(): Promise<void>;
}

/** Of the clock: it is in no event. */
export interface PoolFigures {
  readonly workers: number;
  /** Answered by the pool, and those that it gave no answer to. */
  readonly solved: number;
  readonly failed: number;
  /** Sums over what was solved. */
  readonly queuedMs: number;
  readonly ranMs: number;
  readonly longestMs: number;
}

/** Opens a pool of so many threads; `pool`: another one, in tests. Throws POOL_DEVICE_NONE. */
export async function openAnswers(workers: number, pool?: Pool): Promise<PoolAnswers> {
  const threads = pool ?? (await openPool({ drivers: cpuDrivers(workers) }));
  /** By the hash of the input; each is used once. */
  const found = new Map<string, Found>();
  const figures = { workers, solved: 0, failed: 0, queuedMs: 0, ranMs: 0, longestMs: 0 };
  const ask = async (request: PoolRequest): Promise<void> => {
    const answer = await threads.submit(solveWorkOf(request));
    if (answer.status !== "DONE" || answer.early) {
      figures.failed++;
      return;
    }
    found.set(request.inputHash, answer.result);
    figures.solved++;
    figures.queuedMs += answer.queuedMs;
    figures.ranMs += answer.ranMs;
    figures.longestMs = Math.max(figures.longestMs, answer.ranMs);
  };
  return {
    answer(request, latencyUs) {
      const prepared = found.get(request.inputHash);
      found.delete(request.inputHash);
      return prepared === undefined
        ? answerTo(request, latencyUs)
        : answerFrom(request, latencyUs, prepared);
    },
    preparing: {
      topic: "pool.requests",
      // What cannot be read as a problem is refused by answerTo.
      prepare: ({ value }) => ask(value as PoolRequest).catch(() => undefined),
    },
    measured: () => ({ ...figures }),
    close: () => threads.close(),
  };
}

/** Throws SyntaxError where problem or recipe are no JSON. */
export function solveWorkOf({ problem, recipe, assets, periods, returns }: PoolRequest): SolveWork {
  const history = { assets, count: periods, returns: returnsOf(returns) };
  const scenarios = { recipe: JSON.parse(recipe) as ScenarioRecipe, history };
  return { kind: "solve", problem: JSON.parse(problem) as AskedProblem, scenarios };
}
