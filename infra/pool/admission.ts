// The test that a device passes before it is given work: small work whose answers are known. Promises: a device
// that answers one of them otherwise than it says it would, or none at all, stays out, and the reason says
// which and how.

import {
  type AdmissionWork,
  admissionWorks,
  FIGURES_TOLERANCE,
  figuresOf,
} from "./admission-works.ts";
import { carryOut } from "./carry-out.ts";
import { type Device, DeviceFailure, newStopFlag } from "./device.ts";
import { answerDifference } from "./same-answer.ts";
import type { Result } from "./work.ts";

/** What this very code answers: right to the committed figures, and beyond them to the bit. */
interface Known extends AdmissionWork {
  readonly result: Result;
}

let known: readonly Known[] | undefined;

const knownWorks = (): readonly Known[] => {
  known ??= admissionWorks().map((one) => ({ ...one, result: carryOut(one.work, () => false) }));
  return known;
};

/** null: passed; else why not. Rejects with a DeviceFailure where the device ended. */
export async function refusal(device: Device): Promise<string | null> {
  let passed = 0;
  for (const { name, work, result, figures } of knownWorks()) {
    if (!device.accepts(work)) continue;
    const tolerance = device.tolerance(work.kind);
    try {
      const answer = await device.run(work, newStopFlag());
      const found =
        answerDifference(work.kind, answer, result, tolerance) ??
        figuresDiffer(answer, figures, Math.max(tolerance, FIGURES_TOLERANCE));
      if (found !== null) return `admission work "${name}": ${found}`;
    } catch (error) {
      const found = `admission work "${name}": ${error instanceof Error ? error.message : String(error)}`;
      // One that ended may do better when it is opened again.
      if (!(error instanceof DeviceFailure) || error.reason === "INVALID") return found;
      throw new DeviceFailure(error.reason, found);
    }
    passed++;
  }
  return passed === 0 ? "it accepts none of the admission works" : null;
}

/** null: as they must be. */
export function figuresDiffer(
  result: Result,
  figures: readonly number[],
  tolerance: number,
): string | null {
  const found = figuresOf(result);
  const near = (a: number, b: number): boolean =>
    Math.abs(a - b) <= Math.max(1e-300, tolerance * Math.max(Math.abs(a), Math.abs(b)));
  const same =
    found.length === figures.length &&
    found.every((figure, place) => near(figure, figures[place] as number));
  return same ? null : `its figures are ${found.join(", ")}, not ${figures.join(", ")}`;
}
