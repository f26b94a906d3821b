// What else happens to a disk and its files: each fault is a clear error, and nothing that was
// acknowledged is lost.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import {
  batchAt,
  checkpointOf,
  readAll,
  refusal,
  same,
} from "../../streams/testing/log-fixtures.ts";
import { runCommand } from "../cli/testing/run-command.ts";
import { checkLog } from "./check.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { dataPath, markerPath } from "./folder.ts";
import { repairLog } from "./repair.ts";
import { batchKey, entryKey, entryPrefix } from "./rows.ts";
import { SEAL_BYTES } from "./sealed-row.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-faults-"));
let folders = 0;
const fresh = (): string => join(root, `log-${++folders}`);

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A log of `batches` batches of 100 records, closed. */
async function written(batches = 50, payload = 100): Promise<string> {
  const dir = fresh();
  const log = await openEmbeddedLog(dir);
  await log.createTopic("bars", 1);
  const { epoch } = await log.openTask("t");
  for (let i = 0; i < batches; i++) {
    await log.commit({
      produced: [batchAt("bars", 0, 100 * i, Array(100).fill(i), { payload, fill: i & 0xff })],
      checkpoints: [checkpointOf("t", epoch, i)],
    });
  }
  await log.close();
  return dir;
}

/** Where the row of the batch at `base` begins; "bars" is the first topic outside the catalogue. */
function rowAt(bytes: Buffer, base: number): number {
  const key = batchKey(1000, 0, base);
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
    if (bytes.toString("latin1", at - SEAL_BYTES + 4, at - SEAL_BYTES + 8) === "TDK1") {
      return at - SEAL_BYTES;
    }
  }
  throw new Error(`no row for offset ${base}`);
}

const opening = (dir: string, mode: "read" | "write"): Promise<string> =>
  refusal(openEmbeddedLog(dir, { mode }).then((log) => log.close()));

test("a task whose state lost one entry starts afresh after a repair, and no other does", async () => {
  const dir = fresh();
  const log = await openEmbeddedLog(dir);
  for (const task of ["t", "other"]) {
    const { epoch } = await log.openTask(task);
    const changes = [1, 2, 3].map((i) => ({ key: `key ${i}`, value: new Uint8Array(40).fill(i) }));
    await log.commit({
      produced: [],
      checkpoints: [{ ...checkpointOf(task, epoch, 1), changes }],
    });
  }
  await log.close();
  const bytes = readFileSync(dataPath(dir));
  // Also in pages that are no longer in use: which one is, the file's head knows.
  const key = entryKey(entryPrefix("t"), "key 2");
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
    bytes.fill(0xee, at + key.length, at + key.length + 20);
  }
  writeFileSync(dataPath(dir), bytes);
  expect(checkLog(dir).faults).toMatchObject([{ what: "checkpoint", task: "t" }]);
  const damaged = await openEmbeddedLog(dir);
  expect(await refusal(damaged.openTask("t"))).toBe("STORE_DAMAGED");
  expect((await damaged.openTask("other")).entries.size).toBe(3);
  await damaged.close();
  const repair = await repairLog(dir);
  expect(repair.after.sound).toBe(true);
  expect(repair.lostCheckpoints).toEqual(["t"]);
  const repaired = await openEmbeddedLog(dir);
  const { checkpoint, entries, epoch } = await repaired.openTask("t");
  expect([checkpoint, entries.size]).toEqual([null, 0]);
  expect(epoch, "earlier owners stay fenced").toBeGreaterThan(1);
  expect((await repaired.openTask("other")).entries.size).toBe(3);
  expect((await repaired.stat()).checkpoints.map(({ task }) => task)).toEqual(["other"]);
  await repaired.close();
});

test("a folder without a log is named, and not made one by reading", async () => {
  const dir = fresh();
  expect(await opening(dir, "read")).toBe("STORE_NOT_FOUND");
  expect(existsSync(dir)).toBe(false);
  expect(() => checkLog(dir)).toThrow(TapedeckError);
});

test("a log of another version is refused before it is touched", async () => {
  const dir = await written(1);
  writeFileSync(markerPath(dir), '{"format":"tapedeck-log","version":2}\n');
  const before = readFileSync(dataPath(dir));
  for (const mode of ["read", "write"] as const) {
    expect(await opening(dir, mode)).toBe("STORE_FORMAT");
  }
  expect(same(readFileSync(dataPath(dir)), before)).toBe(true);
});

test("a data file of another version of LMDB is refused", async () => {
  const dir = await written(1);
  const bytes = readFileSync(dataPath(dir));
  for (const head of [0, 4096]) bytes.writeUInt32LE(3, head + 28);
  writeFileSync(dataPath(dir), bytes);
  for (const mode of ["read", "write"] as const) {
    expect(await opening(dir, mode)).toBe("STORE_FORMAT");
  }
});

test("a marker that is not one is damage, and repair writes it anew", async () => {
  const dir = await written(1);
  for (const text of ["", "{", "[]", '{"format":"x","version":1}', "null"]) {
    writeFileSync(markerPath(dir), text);
    expect(await opening(dir, "write")).toBe("STORE_DAMAGED");
    expect(checkLog(dir)).toMatchObject({ sound: false, faults: [{ what: "marker" }] });
  }
  expect((await repairLog(dir)).after.sound).toBe(true);
  rmSync(markerPath(dir));
  expect(await opening(dir, "write")).toBe("accepted");
  expect(existsSync(markerPath(dir))).toBe(true);
});

test("a log whose data file is gone or empty is damaged, not new", async () => {
  const dir = await written(1);
  truncateSync(dataPath(dir), 0);
  for (const mode of ["read", "write"] as const) {
    expect(await opening(dir, mode)).toBe("STORE_DAMAGED");
  }
  rmSync(dataPath(dir));
  expect(await opening(dir, "write")).toBe("STORE_DAMAGED");
  expect(checkLog(dir).sound).toBe(false);
});

test("a file that ends early is refused, and repair keeps what is left of it", async () => {
  const dir = await written(60, 400);
  const bytes = readFileSync(dataPath(dir));
  const full = await openEmbeddedLog(dir, { mode: "read" });
  const expected = await readAll(full, "bars", 0, 0);
  await full.close();
  const random = new Random(3);
  for (let i = 0; i < 40; i++) {
    const cut = fresh();
    mkdirSync(cut);
    copyFileSync(markerPath(dir), markerPath(cut));
    writeFileSync(dataPath(cut), bytes.subarray(0, 1 + random.integer(bytes.length - 1)));
    const check = checkLog(cut);
    if (!check.sound) expect(await opening(cut, "write")).toBe("STORE_DAMAGED");
    if (i >= 8) continue;
    const { after, lost } = await repairLog(cut);
    expect(after.sound).toBe(true);
    const log = await openEmbeddedLog(cut, { mode: "read" });
    const left = (await log.partitions()).find(({ topic }) => topic === "bars");
    const kept = left === undefined ? null : await readAll(log, "bars", 0, 0);
    await log.close();
    if (kept !== null && lost.length === 0) {
      expect(same(kept.bytes, expected.bytes.subarray(0, kept.bytes.length))).toBe(true);
    }
  }
});

test("repair keeps every record outside the damage, and keeps offsets where they were", async () => {
  const dir = await written(60, 400);
  const log = await openEmbeddedLog(dir, { mode: "read" });
  const expected = await readAll(log, "bars", 0, 0);
  await log.close();
  const size = expected.bytes.length / 6000;
  const bytes = readFileSync(dataPath(dir));
  for (const base of [500, 3000, 5900]) {
    const at = rowAt(bytes, base) + 3000;
    bytes.fill(0xee, at, at + 40);
  }
  writeFileSync(dataPath(dir), bytes);
  const check = checkLog(dir);
  expect(
    check.faults.map(({ what, topic, firstOffset }) => ({ what, topic, firstOffset })),
  ).toEqual(
    [500, 3000, 5900].map((firstOffset) => ({ what: "batch", topic: "bars", firstOffset })),
  );
  const reader = await openEmbeddedLog(dir, { mode: "read" });
  expect(await refusal(reader.read("bars", 0, 550))).toBe("STORE_DAMAGED");
  expect((await reader.readRaw("bars", 0, 550))?.count).toBe(50);
  expect((await reader.read("bars", 0, 600))?.count).toBe(100);
  await reader.close();

  const repair = await repairLog(dir);
  expect(repair.after).toMatchObject({ sound: true, records: 6000 });
  // A record takes 412 bytes and a bad sector 4096: eleven at most of each batch are lost.
  expect(repair.lost.length).toBe(3);
  for (const { firstOffset, lastOffset, bytes: path } of repair.lost) {
    expect(lastOffset - firstOffset).toBeLessThan(11);
    expect(readFileSync(path ?? "").indexOf(Buffer.alloc(40, 0xee))).toBeGreaterThan(0);
  }
  const again = await openEmbeddedLog(dir);
  for (let offset = 0; offset < 6000; offset++) {
    const batch = await again.read("bars", 0, offset);
    const lost = repair.lost.some(
      (range) => range.firstOffset <= offset && offset <= range.lastOffset,
    );
    const wanted = lost
      ? new Uint8Array(4)
      : expected.bytes.subarray(offset * size, (offset + 1) * size);
    const found = batch?.bytes.subarray(0, wanted.length) ?? new Uint8Array();
    expect(same(found, wanted), `offset ${offset}`).toBe(true);
  }
  expect((await again.openTask("t")).checkpoint?.consumed[0]?.next).toBe(59);
  await again.commit({ produced: [batchAt("bars", 0, 6000, [99])], checkpoints: [] });
  await again.close();
  expect((await repairLog(dir)).folder).toBe(null);
});

test("pages that were zeroed, misplaced or never written are found, and repair is whole or says so", async () => {
  const dir = await written(60, 400);
  const original = readFileSync(dataPath(dir));
  const log = await openEmbeddedLog(dir, { mode: "read" });
  const expected = await readAll(log, "bars", 0, 0);
  await log.close();
  const size = expected.bytes.length / 6000;
  const random = new Random(4);
  const pages = original.length / 4096;
  for (let i = 0; i < 60; i++) {
    const bytes = Buffer.from(original);
    const page = random.integer(pages);
    const other = random.integer(pages);
    if (i % 2 === 0) bytes.fill(0, page * 4096, page * 4096 + 4096);
    else original.copy(bytes, page * 4096, other * 4096, other * 4096 + 4096);
    writeFileSync(dataPath(dir), bytes);
    const check = checkLog(dir);
    if (!check.sound && i % 4 < 2) {
      const { after, lost } = await repairLog(dir);
      expect(after.sound, `page ${page}`).toBe(true);
      const mended = await openEmbeddedLog(dir, { mode: "read" });
      for (let offset = 0; offset < 6000; offset += 100) {
        if (lost.some((range) => range.firstOffset < offset + 100 && offset <= range.lastOffset))
          continue;
        const batch = await mended.read("bars", 0, offset);
        const wanted = expected.bytes.subarray(offset * size, (offset + 100) * size);
        expect(same(batch?.bytes ?? new Uint8Array(), wanted), `page ${page}, ${offset}`).toBe(
          true,
        );
      }
      await mended.close();
    } else if (check.sound) {
      const harmless = await openEmbeddedLog(dir, { mode: "read" });
      expect(same((await readAll(harmless, "bars", 0, 0)).bytes, expected.bytes)).toBe(true);
      await harmless.close();
    }
  }
}, 400_000);

test("a folder that may not be written is refused for writing, and can be read", async () => {
  const dir = await written(3);
  chmodSync(root, 0o755);
  chmodSync(dir, 0o555);
  chmodSync(dataPath(dir), 0o444);
  // Root may write anywhere: try as somebody else.
  const program = `
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const { openEmbeddedLog } = await import(${JSON.stringify(join(import.meta.dirname, "embedded-log.ts"))});
    await openEmbeddedLog(${JSON.stringify(dir)}).then(() => console.log("opened"), (e) => console.log(e.code));
    const log = await openEmbeddedLog(${JSON.stringify(dir)}, { mode: "read" });
    console.log((await log.read("bars", 0, 250)).count);
    await log.close();`;
  const words = ["--no-warnings", "--input-type=module", "-e", program];
  const { stdout, stderr } = runCommand(process.execPath, words);
  expect({ stdout, stderr }).toEqual({ stdout: "STORE_READ_ONLY\n50\n", stderr: "" });
  chmodSync(dir, 0o755);
  chmodSync(dataPath(dir), 0o644);
});

const mounted = (): string | null => {
  const dir = join(root, "small-disk");
  mkdirSync(dir);
  const words = ["-t", "tmpfs", "-o", "size=12m", "tmpfs", dir];
  const { status } = runCommand("mount", words);
  return status === 0 ? dir : null;
};

test("a full disk refuses commits, keeps what was acknowledged, and goes on once there is room", async (context) => {
  const disk = mounted();
  if (disk === null) return context.skip("a file system of its own needs the right to mount");
  try {
    writeFileSync(join(disk, "ballast"), Buffer.alloc(4 << 20));
    const dir = join(disk, "log");
    const log = await openEmbeddedLog(dir);
    await log.createTopic("bars", 1);
    const put = (i: number) =>
      log.commit({ produced: [batchAt("bars", 0, i, [i], { payload: 50_000 })], checkpoints: [] });
    const answers: string[] = [];
    for (let i = 0; i < 400; i += 20) {
      const { end } = (await log.partitions())[0] ?? { end: 0 };
      const pending = Array.from({ length: 20 }, (_, k) => refusal(put(end + k)));
      answers.push(...(await Promise.all(pending)));
    }
    const acked = answers.filter((answer) => answer === "accepted").length;
    expect(new Set(answers)).toEqual(new Set(["accepted", "STORE_FULL"]));
    expect(acked).toBeGreaterThan(20);
    expect((await log.partitions())[0]?.end).toBe(acked);
    expect((await readAll(log, "bars", 0, 0)).end).toBe(acked);
    rmSync(join(disk, "ballast"));
    await put(acked);
    await log.close();
    const again = await openEmbeddedLog(dir);
    expect((await readAll(again, "bars", 0, 0)).end).toBe(acked + 1);
    await again.close();
    expect(checkLog(dir).sound).toBe(true);
  } finally {
    runCommand("umount", [disk]);
  }
});
