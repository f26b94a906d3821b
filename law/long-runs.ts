// A reporter of vitest for runs that nobody watches. Promises: a test file that runs for minutes is
// named every minute with the test it is in, even while its worker is blocked, for this is the main
// process; so is a run without any file to run. A run that is told to end (SIGTERM) says last what
// failed and what was still running.

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
  const [test] = module.children.allTests("pending");
  return test === undefined
    ? "before its first test or after its last"
    : `in or soon after: ${test.fullName}`;
}

export class LongRuns implements Reporter {
  readonly #pace: Pace;
  /** When each file that runs was begun, in ms of this process. */
  readonly #begun = new Map<string, number>();
  /** When the last of them ended. */
  #idleSince = performance.now();
  #vitest: Vitest | null = null;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  onInit(vitest: Vitest): void {
    if (vitest.config.watch) return;
    this.#vitest = vitest;
    const { everyMs, longMs } = this.#pace;
    const tell = () => {
      for (const line of this.#running(longMs)) process.stderr.write(`${line}\n`);
    };
    setInterval(tell, everyMs).unref();
    process.once("SIGTERM", this.#onEnd);
  }

  onTestModuleQueued(module: TestModule): void {
    this.#begun.set(keyOf(module), performance.now());
  }

  onTestModuleEnd(module: TestModule): void {
    this.#begun.delete(keyOf(module));
    this.#idleSince = performance.now();
  }

  /** In one piece: the process ends a millisecond later. */
  readonly #onEnd = (): void => {
    const lines = ["", "The run was told to end.", ...this.#failures(), ...this.#running(0)];
    process.stderr.write(`${lines.join("\n")}\n`);
    // Vitest, which ends the process otherwise, no longer listens once it is closing.
    if (process.listenerCount("SIGTERM") === 0) process.exit(143);
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
    if (this.#begun.size === 0) {
      const idle = now - this.#idleSince;
      const seconds = Math.round(idle / 1000);
      return idle < longMs ? [] : [`no test file for ${seconds} s: setting up or closing`];
    }
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
