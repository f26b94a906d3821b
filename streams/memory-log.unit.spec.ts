// The memory log passes the suite that it is the oracle of; what it means is tested there.

import { describe, expect, test } from "vitest";
import { createMemoryLog } from "./memory-log.ts";
import { testLogContract } from "./testing/log-contract.ts";

testLogContract({ describe, test, expect }, "the memory log", async () => {
  const log = createMemoryLog();
  return { log, reopen: null, dispose: () => log.close() };
});
