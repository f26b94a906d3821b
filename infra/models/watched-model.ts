// Ends a model that never comes back. A loop without end in a user's file would hold the process
// deaf even to Ctrl-C; a thread beside it notices, tells the file and the bar, and kills the
// process: what was committed stays, as after any kill. Promises: it changes no result; time that
// the machine slept does not count.

import { Worker } from "node:worker_threads";
import type { AnyModel } from "../../processors/portfolio-model.ts";
import type { Features } from "../../schemas/generated/features.ts";
import type { LoadedModel } from "./load-model.ts";

/** Longest that one call of a model may take. */
const LIMIT_MS = 10_000;

const LONGEST_SYMBOL = 64;

/** What a model is at, in memory that another thread sees. */
export interface ModelActivity {
  /** Grows with each call and each return: odd while the model is at work. */
  readonly calls: Int32Array;
  readonly barEndUs: Float64Array;
  /** UTF-16 units of the symbol, then a 0. */
  readonly symbol: Uint16Array;
}

/** What the thread is told. */
export interface WatchOrder {
  readonly activity: ModelActivity;
  readonly source: string;
  readonly limitMs: number;
}

/** The model with its calls noted as they happen. Costs about 0.1 µs a bar. */
export function noteCalls(model: AnyModel): { model: AnyModel; activity: ModelActivity } {
  const activity: ModelActivity = {
    calls: new Int32Array(new SharedArrayBuffer(4)),
    barEndUs: new Float64Array(new SharedArrayBuffer(8)),
    symbol: new Uint16Array(new SharedArrayBuffer(2 * (LONGEST_SYMBOL + 1))),
  };
  const { calls } = activity;
  const { name, version } = model;
  const initial = () => model.initial();
  const signal = (state: unknown, features: Features): number | null => {
    Atomics.add(calls, 0, 1);
    try {
      return model.signal(state, features);
    } finally {
      Atomics.add(calls, 0, 1);
    }
  };
  if (model.scope === "portfolio") {
    const evolve: typeof model.evolve = (state, bars) => {
      const [first] = bars.values();
      if (first !== undefined) noteBar(activity, first);
      Atomics.add(calls, 0, 1);
      try {
        return model.evolve(state, bars);
      } finally {
        Atomics.add(calls, 0, 1);
      }
    };
    return { model: { name, version, scope: model.scope, initial, evolve, signal }, activity };
  }
  const evolve: typeof model.evolve = (state, features) => {
    noteBar(activity, features);
    Atomics.add(calls, 0, 1);
    try {
      return model.evolve(state, features);
    } finally {
      Atomics.add(calls, 0, 1);
    }
  };
  return { model: { name, version, initial, evolve, signal }, activity };
}

function noteBar(activity: ModelActivity, { barEndUs, symbol }: Features): void {
  activity.barEndUs[0] = barEndUs;
  const length = Math.min(symbol.length, LONGEST_SYMBOL);
  for (let i = 0; i < length; i++) activity.symbol[i] = symbol.charCodeAt(i);
  activity.symbol[length] = 0;
}

/**
 * Watches until the answer is called. Costs a thread for a file's model, nothing for a built-in.
 */
export function watchModel(
  { source, activity }: Pick<LoadedModel, "source" | "activity">,
  limitMs: number = LIMIT_MS,
): () => void {
  if (source === null || activity === null) return () => {};
  const order: WatchOrder = { activity, source, limitMs };
  // The file beside this one: TypeScript in the repository, JavaScript in a package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const thread = new Worker(new URL(`./watch-thread${extension}`, import.meta.url), {
    workerData: order,
  });
  thread.unref();
  return () => void thread.terminate();
}
