// Keeps a long replay's or report's memory flat. V8 moves an allocation to the old generation for good
// once it has seen most of its objects survive: a scan whose first events are kept (fills, say) then
// leaves every later event to the slow collector, and the heap grows by hundreds of MB of garbage.

import { setFlagsFromString } from "node:v8";

/** New objects start young, from now on and in the whole process. Changes no result. */
export function allocateYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
