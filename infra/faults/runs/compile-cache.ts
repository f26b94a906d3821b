// Where processes that are started from the sources find them compiled, types taken off: they begin in half the time.

import { tmpdir } from "node:os";
import { join } from "node:path";

/** Node's `NODE_COMPILE_CACHE`, shared by all of one user's. */
export const COMPILE_CACHE = join(tmpdir(), `tapedeck-compiled-${process.getuid?.() ?? 0}`);
