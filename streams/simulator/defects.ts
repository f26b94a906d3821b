// Bugs to plant: what a stream processor gets wrong in practice, one switch each. The simulator must
// find every one of them; a checker that was never seen to fail proves nothing. Promises: without a
// defect every function here hands back what it was given.

import type { Checkpoint, Commit, OpenedTask, RecordBatch } from "../log.ts";

export const defects = [
  "offsets-before-state",
  "redelivered-twice",
  "rank-ignored",
  "late-dropped",
  "admission-unrecorded",
  "state-without-offsets",
  "fencing-ignored",
  "state-apart-from-outputs",
  "resume-off-by-one",
  "records-swapped",
  "float-ledger",
  "acknowledged-early",
  "entry-forgotten",
  "internal-twice",
  "internal-lost",
] as const;

export type Defect = (typeof defects)[number] | null;

/**
 * The commits that one transaction is made in; more than one is a bug, for a crash may fall between.
 * `stored` are the keys of the task's entries.
 */
export function commitsOf(
  transaction: Commit,
  before: Checkpoint | null,
  stored: ReadonlySet<string>,
  defect: Defect,
): readonly Commit[] {
  const { produced, checkpoints } = transaction;
  switch (defect) {
    case "offsets-before-state": {
      if (before === null) return [transaction];
      const early = checkpoints.map(({ task, epoch, consumed }) => {
        return { task, epoch, consumed, state: before.state };
      });
      return [{ produced: [], checkpoints: early }, transaction];
    }
    case "state-apart-from-outputs":
      return [
        { produced, checkpoints: [] },
        { produced: [], checkpoints },
      ];
    case "admission-unrecorded":
      return [{ produced: produced.filter((b) => b.topic !== "tape.admissions"), checkpoints }];
    case "records-swapped":
      return [{ produced: produced.map(swapped), checkpoints }];
    case "entry-forgotten":
      return [{ produced, checkpoints: checkpoints.map((one) => forgetful(one, stored)) }];
    default:
      return [transaction];
  }
}

/** What a task finds when it is opened; `earlier` is the checkpoint before the last. */
export function reopened(
  opened: OpenedTask,
  earlier: Checkpoint | null,
  defect: Defect,
): OpenedTask {
  const { checkpoint } = opened;
  if (checkpoint === null) return opened;
  if (defect === "state-without-offsets") {
    return { ...opened, checkpoint: { ...checkpoint, consumed: earlier?.consumed ?? [] } };
  }
  if (defect === "resume-off-by-one") {
    const consumed = checkpoint.consumed.map((done) => ({
      ...done,
      next: Math.max(0, done.next - 1),
    }));
    return { ...opened, checkpoint: { ...checkpoint, consumed } };
  }
  return opened;
}

/** Without the last change of an entry that was there: a new one's absence would show by itself. */
function forgetful(checkpoint: Checkpoint, stored: ReadonlySet<string>): Checkpoint {
  const { changes = [] } = checkpoint;
  const at = changes.findLastIndex(({ key, value }) => stored.has(key) && value !== null);
  return { ...checkpoint, changes: changes.filter((_, index) => index !== at) };
}

/** The first two records of a batch in each other's place. */
function swapped(batch: RecordBatch): RecordBatch {
  if (batch.count < 2) return batch;
  const { bytes } = batch;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = 4 + view.getUint32(0, true);
  const second = first + 4 + view.getUint32(first, true);
  const changed = bytes.slice();
  changed.set(bytes.subarray(first, second), 0);
  changed.set(bytes.subarray(0, first), second - first);
  return { ...batch, bytes: changed };
}
