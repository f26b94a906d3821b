// The optimiser's problems, solved by a pool of threads beside a live flow. Promises: the thread that serves the flow
// never solves; an answer is the one that a backtest computes, byte for byte; where the pool gives none after its
// second try, the answer is FAILED and says why, and that is what a replay of the run has to read.

import type { FlowConfig } from "../../processors/flow-config.ts";
import type { AnswerRequest } from "../../processors/optimiser-pool/optimiser-pool.ts";
import { answerFrom, answerTo, type Found, failedAnswer } from "../../processors/pool-work.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import type { Asked } from "../kafka/service/asking.ts";
import { cpuDrivers } from "../pool/cpu-device.ts";
import { openPool } from "../pool/open-pool.ts";
import type { Answer, Pool } from "../pool/pool.ts";
import type { Log } from "../telemetry/logs.ts";
import type { PoolGauges } from "../telemetry/pool-metrics.ts";
import { solveWorkOf } from "./pool-answers.ts";

export interface LiveAnswers {
  /** From what was prepared. */
  readonly answer: AnswerRequest;
  /** Opens the pool, or it is opened at the first request. POOL_DEVICE_NONE where no device can be had. */
  open(log: Pick<Log, "write">): Promise<Pool>;
  /** Has requests answered in the pool, and says so in `log`. */
  asked(log: Pick<Log, "write">): Asked;
  /** Of the pool; null before it is open. */
  gauges(): PoolGauges | null;
  /** What only a restart can cure: no device is left. */
  ailments(): readonly object[];
  close(): Promise<void>;
}

/** Whether a flow asks a pool at all. */
export const asksPool = ({ sizing }: Pick<FlowConfig, "sizing">): boolean =>
  sizing.method === "OPTIMISED";

/** Opens a pool; what befalls its devices is told to `onIncident`. */
export type OpenPool = (onIncident: (text: string) => void) => Promise<Pool>;

export const threadPool =
  (workers: number): OpenPool =>
  (onIncident) =>
    openPool({ drivers: cpuDrivers(workers), onIncident });

/** The processor whose decisions the pool computes. */
export const ASKING = "optimiser-pool";

/** What is prepared for a task that went to another instance is never asked for: so much of it is kept. */
const KEPT = 8;

type Prepared = Found | { readonly failure: string };

export function liveAnswers(openPoolOnce: OpenPool): LiveAnswers {
  let opening: Promise<Pool> | null = null;
  let pool: Pool | null = null;
  /** By the hash of the input; each is used once. */
  const ready = new Map<string, Prepared>();

  return {
    answer(request, latencyUs) {
      const found = ready.get(request.inputHash);
      ready.delete(request.inputHash);
      // What cannot be computed with was not solved by the pool either: it says so at once.
      if (found === undefined) return answerTo(request, latencyUs);
      if ("failure" in found) return failedAnswer(request, latencyUs, [found.failure]);
      return answerFrom(request, latencyUs, found);
    },
    open,
    asked: (log) => ({
      processor: ASKING,
      prepare: ({ value }, signal) => prepare(value as PoolRequest, signal, log),
    }),
    gauges: () => pool?.metrics() ?? null,
    ailments() {
      const slots = [...(pool?.metrics().slots ?? [])];
      if (slots.length === 0 || slots.some(([, { quarantined }]) => quarantined === "")) return [];
      const out = Object.fromEntries(slots.map(([device, slot]) => [device, slot.quarantined]));
      return [{ what: "no device of the pool is left", out }];
    },
    async close() {
      await opening?.then(
        (threads) => threads.close(),
        () => undefined,
      );
    },
  };

  async function open(log: Pick<Log, "write">): Promise<Pool> {
    opening ??= openPoolOnce((incident) => log.write("warn", "a device of the pool", { incident }));
    pool = await opening;
    return pool;
  }

  async function prepare(
    request: PoolRequest,
    signal: AbortSignal,
    log: Pick<Log, "write">,
  ): Promise<void> {
    const work = readable(request);
    if (work === null) return;
    const answer = await (await open(log)).submit(work, { signal });
    // Nobody waits for it any more; or it cannot be computed with, which is found at once where it is answered.
    if (answer.status === "FAILED" && ["CANCELLED", "INVALID"].includes(answer.reason)) return;
    const { devices, queuedMs, ranMs } = answer;
    const { portfolio, number } = request;
    const of = { portfolio, request: number, devices: devices.join(" "), queuedMs, ranMs };
    const failure = failureOf(answer);
    if (failure === null) log.write("info", "solved", of);
    else log.write("error", "not solved", { ...of, failure });
    if (failure !== null) keep(request.inputHash, { failure });
    else if (answer.status === "DONE") keep(request.inputHash, answer.result);
  }

  function keep(hash: string, found: Prepared): void {
    ready.set(hash, found);
    const [oldest] = ready.keys();
    if (ready.size > KEPT && oldest !== undefined) ready.delete(oldest);
  }
}

/** Why it is no answer that every run would give; null: it is one. */
function failureOf(answer: Answer<"solve">): string | null {
  if (answer.status === "FAILED") return `${answer.reason}: ${answer.detail}`;
  return answer.early ? `HUNG: it was ended after ${Math.round(answer.ranMs)} ms` : null;
}

/** null: it is not what a request holds, and is answered REFUSED. */
function readable(request: PoolRequest): ReturnType<typeof solveWorkOf> | null {
  try {
    return solveWorkOf(request);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
