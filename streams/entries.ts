// The keyed part of a task's state as a log sees it. Promises: a key that one log takes, every log
// takes; what none can keep is refused before anything is written.

import { utf8Length } from "../schemas/utf8.ts";
import { type Checkpoint, MAX_ENTRY_KEY_BYTES } from "./log.ts";
import { entryKeyInvalid } from "./log-errors.ts";

/** A character takes 3 bytes at most. */
const SURELY_SHORT = Math.floor(MAX_ENTRY_KEY_BYTES / 3);

/** Throws STREAMS_ENTRY_KEY_INVALID. Cost: a few ns a key that is short. */
export function checkEntryKeys({ task, changes = [] }: Checkpoint): void {
  for (const { key } of changes) {
    const sound = key.length > 0 && key.isWellFormed();
    if (sound && key.length <= SURELY_SHORT) continue;
    const bytes = utf8Length(key);
    if (!sound || bytes > MAX_ENTRY_KEY_BYTES) throw entryKeyInvalid(task, key, bytes);
  }
}
