// A disk that forgets and fails, between a real writing process and its file (faulty-disk.c): after
// a power cut whatever was not synced may be gone, in any part; and the Nth write or sync fails.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { runCommand } from "../cli/testing/run-command.ts";
import { dataPath, writeMarker } from "./folder.ts";
import { compileShim } from "./testing/shim.ts";
import { wrongIn } from "./testing/written.ts";

const CUTS = Number(process.env.TAPEDECK_CUTS ?? 60);
const COMMITS = 120;
/** Enough that every write and sync which is to fail does happen, however they are grouped. */
const MANY = 400;
const SECTOR = 512;
const PROGRAM = join(import.meta.dirname, "testing/writing-process.ts");
const root = mkdtempSync(join(tmpdir(), "tapedeck-cut-"));
const shim = join(root, "faulty-disk.so");
const compiled = compileShim("faulty-disk.c", shim);

afterAll(() => rmSync(root, { recursive: true }));

/** Runs the writer on the disk; gives the commits that it was told are durable, and all it said. */
function write(dir: string, disk: Readonly<Record<string, string>>, commits = COMMITS) {
  const words = ["--no-warnings", PROGRAM, dir, String(commits)];
  const { stdout } = runCommand(process.execPath, words, {
    env: { ...process.env, LD_PRELOAD: shim, TAPEDECK_DISK_FILE: "data.mdb", ...disk },
  });
  return { acked: acknowledged(stdout), output: stdout };
}

const acknowledged = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/^ack (\d+)$/gm)].map(([, i]) => Number(i) + 1));

interface Step {
  readonly kind: "W" | "D" | "S" | "A" | "T";
  readonly at: number;
  readonly bytes: Buffer;
}

function journalOf(path: string): Step[] {
  const journal = readFileSync(path);
  const steps: Step[] = [];
  for (let at = 0; at < journal.length; ) {
    const kind = String.fromCharCode(journal[at] as number) as Step["kind"];
    const length = journal.readUInt32LE(at + 9);
    const bytes = journal.subarray(at + 13, at + 13 + length);
    steps.push({ kind, at: Number(journal.readBigUInt64LE(at + 1)), bytes });
    at += 13 + length;
  }
  return steps;
}

/** What the disk may hold when the power goes after `cut` steps; `honest` false: it never syncs. */
function afterCut(steps: readonly Step[], cut: number, random: Random, honest: boolean): Buffer {
  const size = Math.max(...steps.map(({ at, bytes }) => at + bytes.length));
  const disk = Buffer.alloc(size);
  let end = 0;
  let waiting: Step[] = [];
  const put = ({ at, bytes }: Step) => {
    bytes.copy(disk, at);
    end = Math.max(end, at + bytes.length);
  };
  for (const step of steps.slice(0, cut)) {
    if (step.kind === "W" || (step.kind === "D" && !honest)) waiting.push(step);
    else if (step.kind === "D") put(step);
    else if (step.kind === "S" && honest) {
      waiting.forEach(put);
      waiting = [];
    }
  }
  // Of the rest any sector may have reached the disk, in any order.
  const most = random.integer(11);
  for (const { at, bytes, kind } of waiting) {
    for (let from = 0; from < bytes.length; from += SECTOR) {
      if (random.integer(10) < most) continue;
      put({ kind, at: at + from, bytes: bytes.subarray(from, from + SECTOR) });
    }
  }
  return disk.subarray(0, end);
}

async function wrongAfterCut(
  steps: readonly Step[],
  cut: number,
  random: Random,
  honest: boolean,
): Promise<string[]> {
  const dir = join(root, "after");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const disk = afterCut(steps, cut, random, honest);
  writeFileSync(dataPath(dir), disk);
  writeMarker(dir);
  const said = steps.slice(0, cut).filter(({ kind }) => kind === "A");
  const acked = acknowledged(said.map(({ bytes }) => bytes.toString()).join(""));
  if (disk.length === 0 && acked === 0) return [];
  return wrongIn(dir, acked).catch((error: Error) => [error.message]);
}

describe.skipIf(!compiled)("on a disk that fails (needs Linux and a C compiler)", () => {
  let steps: Step[];
  /** From here on the log has its topics and its task; before, there is nothing to lose. */
  let first: number;

  beforeAll(() => {
    const journal = join(root, "journal");
    const { acked } = write(join(root, "whole"), { TAPEDECK_DISK_JOURNAL: journal });
    expect(acked).toBe(COMMITS);
    steps = journalOf(journal);
    first = steps.findIndex(({ kind }) => kind === "A");
  });

  test(`after each of ${CUTS} power cuts everything acknowledged is there, and nothing in part`, async () => {
    const random = new Random(12);
    for (let i = 0; i < CUTS; i++) {
      const cut = first + 1 + random.integer(steps.length - first);
      expect(await wrongAfterCut(steps, cut, random, true), `cut after step ${cut}`).toEqual([]);
    }
  });

  test("the same on a disk that only says that it syncs loses commits: the test can fail", async () => {
    const random = new Random(13);
    let losses = 0;
    for (let i = 0; i < CUTS; i++) {
      const cut = first + 1 + random.integer(steps.length - first);
      if ((await wrongAfterCut(steps, cut, random, false)).length > 0) losses++;
    }
    expect(losses).toBeGreaterThan(CUTS / 4);
  });

  test("a failed sync halts the log: nothing is acknowledged after it, nothing before it is lost", async () => {
    for (const n of [2, 3, 4, 5, 7, 10, 14]) {
      const dir = join(root, `sync-${n}`);
      const { acked, output } = write(dir, { TAPEDECK_DISK_FAIL: `sync:${n}:5` }, MANY);
      expect(output).toMatch(/^failed STORE_/m);
      expect(output.slice(output.indexOf("failed"))).not.toMatch(/ack/);
      if (acked > 0) expect(output).toMatch(/STORE_HALTED/);
      expect(await wrongIn(dir, acked), `sync ${n}`).toEqual([]);
      // The next process finds a sound log, and goes on.
      expect(write(dir, {}, MANY).acked).toBe(MANY);
      expect(await wrongIn(dir, MANY), `sync ${n}`).toEqual([]);
    }
  });

  test("a failed write is a clear error, and nothing acknowledged is lost", async () => {
    const errnos = { EINTR: 4, EIO: 5, ENOSPC: 28 };
    let n = 3;
    for (const [name, errno] of Object.entries(errnos)) {
      for (let round = 0; round < 4; round++, n += 6) {
        const dir = join(root, `write-${name}-${n}`);
        const { acked, output } = write(dir, { TAPEDECK_DISK_FAIL: `write:${n}:${errno}` }, MANY);
        const outcome = /^(failed STORE_\w+|closed)/m.exec(output)?.[0];
        const allowed = ["failed STORE_HALTED", "failed STORE_FULL", "failed STORE_UNAVAILABLE"];
        expect([...allowed, "closed"], `${name} at write ${n}: ${output}`).toContain(outcome);
        if (name === "ENOSPC" && acked > 0) expect(outcome).toBe("failed STORE_FULL");
        expect(await wrongIn(dir, acked), `${name} at write ${n}`).toEqual([]);
        expect(write(dir, {}, MANY).output, `${name} at write ${n}`).toMatch(/closed\n$/);
        expect(await wrongIn(dir, MANY), `${name} at write ${n}`).toEqual([]);
      }
    }
  });
});
