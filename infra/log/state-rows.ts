// How a checkpoint becomes rows: one for its state, and one for each entry that changed.

import type { Checkpoint } from "../../streams/log.ts";
import { checkpointKey, entryKey, entryPrefix } from "./rows.ts";
import { encodeCheckpoint } from "./small-rows.ts";

export interface StateRow {
  readonly key: Buffer;
  /** Null: the row goes. */
  readonly payload: Uint8Array | null;
}

export function rowsOf(checkpoint: Checkpoint): StateRow[] {
  const { task, changes = [] } = checkpoint;
  const prefix = entryPrefix(task);
  const rows: StateRow[] = changes.map(({ key, value }) => ({
    key: entryKey(prefix, key),
    payload: value,
  }));
  rows.push({ key: checkpointKey(task), payload: encodeCheckpoint(checkpoint) });
  return rows;
}
