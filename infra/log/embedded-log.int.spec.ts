// The embedded log on a real disk: the contract of every log, and what only it promises.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EventLog } from "../../streams/log.ts";
import { testLogContract } from "../../streams/testing/log-contract.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

testLogContract({ describe, test, expect }, "the embedded log", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tapedeck-log-"));
  let log: EventLog = await openEmbeddedLog(dir);
  return {
    log,
    reopen: async () => {
      await log.close();
      log = await openEmbeddedLog(dir);
      return log;
    },
    dispose: async () => {
      await log.close();
      rmSync(dir, { recursive: true });
    },
  };
});
