// Readers beside a process that rewrites the file's pages as fast as it can: they may be told that
// an offset is gone, never that anything is damaged, and never be given what was not written.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkLog } from "./check.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

const SECONDS = Number(process.env.TAPEDECK_CHURN_SECONDS ?? 4);
const root = mkdtempSync(join(tmpdir(), "tapedeck-beside-"));

afterAll(() => rmSync(root, { recursive: true }));

test(
  "a reader sees whole batches and checkpoints, whatever the writer does",
  async () => {
    const dir = join(root, "log");
    const child = spawn(process.execPath, [
      ...["--no-warnings", join(import.meta.dirname, "testing/churning-process.ts")],
      ...[dir, String(SECONDS)],
    ]);
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (text) => {
        said += text;
        if (said.includes("writing")) resolve();
      });
    });
    const reader = await openEmbeddedLog(dir, { mode: "read" });
    const wrong = new Set<string>();
    let batches = 0;
    let states = 0;
    while (!said.includes("closed") && child.exitCode === null) {
      for (const { partition, start, end } of await reader.partitions()) {
        try {
          for (let offset = start; ; batches++) {
            const batch = await reader.read("bars", partition, offset);
            if (batch === null) break;
            expect(batch.baseOffset).toBe(offset);
            offset += batch.count;
          }
          await reader.offsetAt("bars", partition, Math.floor(end / 4));
          if ((await reader.getCheckpoint("t")) !== null) states++;
        } catch (error) {
          const { code, message } = error as { code?: string; message: string };
          if (code !== "STREAMS_OFFSET_OUT_OF_RANGE") wrong.add(`${code}: ${message}`);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    await reader.close();
    expect(said).toBe("writing\nclosed\n");
    expect([...wrong]).toEqual([]);
    expect(batches).toBeGreaterThan(1000);
    expect(states).toBeGreaterThan(10);
    expect(checkLog(dir)).toMatchObject({ sound: true });
  },
  60_000 + 2_000 * SECONDS,
);
