// What a sweep has found so far, a line a trial, appended as trials end. Promises: killed at any moment, it
// loses no line that was whole; a line that was cut is dropped and its trial is run again; the same trials
// leave the same bytes, however often they were cut short. A line is on disk when the system says so: a
// power cut may cost the last ones.

import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TrialAnswer } from "./trial.ts";

/** Answers by trial, in the order of the trials: the first ones of them. */
export interface Results {
  readonly answers: readonly TrialAnswer[];
  append(key: string, answer: TrialAnswer): void;
}

interface Line {
  readonly key: string;
  readonly answer: TrialAnswer;
}

/**
 * Opens the file of the trials that `keys` name; each line must be of the key in its place, which it is in
 * a folder named by what decides the trials. Throws SWEEP_RESULTS_DAMAGED.
 */
export function openResults(path: string, keys: readonly string[]): Results {
  mkdirSync(dirname(path), { recursive: true });
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const answers: TrialAnswer[] = [];
  for (const [i, line] of whole.split("\n").slice(0, -1).entries()) {
    answers.push(answerOf(line, keys[i], path, i + 1));
  }
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return {
    answers,
    append: (key, answer) => {
      const line: Line = { key, answer };
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    },
  };
}

function answerOf(text: string, key: string | undefined, path: string, line: number): TrialAnswer {
  try {
    const read = JSON.parse(text) as Partial<Line> | null;
    if (key !== undefined && read?.key === key && read.answer !== undefined) return read.answer;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TapedeckError(
    "SWEEP_RESULTS_DAMAGED",
    `${path}:${line} is no result of ${key ?? "any trial of this search"}`,
    { path, line },
  );
}
