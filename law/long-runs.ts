// A reporter of vitest for runs that nobody watches. Promises: a test file that runs for minutes is
// named every minute with the test it is in, even while its worker is blocked, for this is the main
// process; a run that is told to end (SIGTERM) says last what failed and what was still running.

import type { Reporter, TestModule, Vitest } from "vitest/node";

export interface Pace {
  readonly everyMs: number;
  /** A file is named once it has run for so long. */
  readonly longMs: number;
}

const keyOf = (module: TestModule): string => `${module.project.name}:${module.moduleId}`;

/**
 * The first test without a result. A blocked worker may have kept back what it last had to tell, so
 * the test can be one soon after.
 */
function placeOf(module: TestModule): string {
  for (const test of module.children.allTests("pending"))
    return `in or soon after: ${test.fullName}`;
  return "before its first test or after its last";
}

export class LongRuns implements Reporter {
  readonly #pace: Pace;
  /** When each file that runs was begun, in ms of this process. */
  readonly #begun = new Map<string, number>();
  #vitest: Vitest | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(): void {
    this.#begun.clear();
    const { everyMs, longMs } = this.#pace;
    const tell = () => {
      for (const line of this.#running(longMs)) process.stderr.write(`${line}\n`);
    };
    this.#timer = setInterval(tell, everyMs).unref();
    process.once("SIGTERM", this.#onEnd);
  }

  onTestModuleQueued(module: TestModule): void {
    this.#begun.set(keyOf(module), performance.now());
  }

  onTestModuleEnd(module: TestModule): void {
    this.#begun.delete(keyOf(module));
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
    process.off("SIGTERM", this.#onEnd);
  }

  /** In one piece: the process ends a millisecond later. */
  readonly #onEnd = (): void => {
    const lines = ["", "The run was told to end.", ...this.#failures(), ...this.#running(0)];
    process.stderr.write(`${lines.join("\n")}\n`);
  };

  #failures(): readonly string[] {
    return this.#modules().flatMap((module) => [
      ...module.errors().map((error) => `failed: ${module.relativeModuleId}: ${error.message}`),
      ...[...module.children.allTests("failed")].map((test) => {
        const [why = ""] = test.result().errors?.[0]?.message.split("\n") ?? [];
        return `failed: ${module.relativeModuleId}: ${test.fullName}: ${why}`;
      }),
    ]);
  }

  #running(longMs: number): readonly string[] {
    const now = performance.now();
    return this.#modules().flatMap((module) => {
      const begun = this.#begun.get(keyOf(module));
      if (begun === undefined || now - begun < longMs) return [];
      const seconds = Math.round((now - begun) / 1000);
      return [`running for ${seconds} s: ${module.relativeModuleId}, ${placeOf(module)}`];
    });
  }

  #modules(): readonly TestModule[] {
    return this.#vitest?.state.getTestModules() ?? [];
  }
}
