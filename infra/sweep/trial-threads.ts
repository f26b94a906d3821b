// The threads of a sweep. Promises: answers are handed on in the order of the trials, whichever thread is
// done first; a thread has at most two trials ahead of it; a thread that dies ends the sweep with what it
// died of, and what was handed on before stays.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Trial, TrialAnswer } from "./trial.ts";
import type { ThreadGround, TrialRequest } from "./trial-thread.ts";

/** The next one lies ready when a trial is done: a thread never waits for the main one. */
const AHEAD = 2;

export const defaultThreads = (): number => Math.max(1, availableParallelism());

export class TrialThreads {
  private readonly workers: readonly Worker[];

  constructor(threads: number, ground: ThreadGround) {
    // The sources run as .ts, the installed package as .js.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
    const url = new URL(`./trial-thread${extension}`, import.meta.url);
    this.workers = Array.from({ length: threads }, () => new Worker(url, { workerData: ground }));
  }

  /** Answers `trials`; `onAnswer` sees each in their order. False once `stopRequested` ended it. */
  run(
    trials: readonly Trial[],
    onAnswer: (place: number, answer: TrialAnswer) => void,
    stopRequested: () => boolean = () => false,
  ): Promise<boolean> {
    const early = new Map<number, TrialAnswer>();
    let asked = 0;
    let handed = 0;
    let pending = 0;
    let stopped = false;
    return new Promise((resolve, reject) => {
      const ask = (worker: Worker): void => {
        stopped ||= stopRequested();
        if (stopped || asked === trials.length) return;
        const place = asked++;
        pending++;
        const request: TrialRequest = { place, trial: trials[place] as Trial };
        worker.postMessage(request);
      };
      const settle = (): void => {
        if (pending === 0 && (stopped || handed === trials.length)) resolve(!stopped);
      };
      for (const worker of this.workers) {
        worker.removeAllListeners();
        worker.on("message", ({ place, answer }: { place: number; answer: TrialAnswer }) => {
          pending--;
          early.set(place, answer);
          try {
            for (let next = early.get(handed); next !== undefined; next = early.get(handed)) {
              early.delete(handed);
              onAnswer(handed++, next);
            }
          } catch (error) {
            reject(error);
            return;
          }
          ask(worker);
          settle();
        });
        worker.on("error", reject);
        for (let i = 0; i < AHEAD; i++) ask(worker);
      }
      settle();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
