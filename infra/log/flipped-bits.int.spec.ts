// Flips bits of a log's file, one at a time, everywhere. Each must be found by the check, or change
// nothing that anyone can read or write; repair must bring everything back that it does not name.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import type { EventLog } from "../../streams/log.ts";
import { batchAt, checkpointOf, readAll } from "../../streams/testing/log-fixtures.ts";
import { checkLog } from "./check.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { dataPath } from "./folder.ts";
import { LogReader } from "./log-reader.ts";
import { repairLog } from "./repair.ts";

const FLIPS = Number(process.env.TAPEDECK_FLIPS ?? 1000);
const PAGE = 4096;

const root = mkdtempSync(join(tmpdir(), "tapedeck-flips-"));
const original = join(root, "original");
const damagedDir = join(root, "damaged");
let bytes: Buffer;
let expected: Map<string, Uint8Array>;

/** Small and large rows, a tree of several levels, a free list, states that were replaced. */
async function fill(log: EventLog): Promise<void> {
  await log.createTopic("bars", 3);
  await log.createTopic("fills", 1);
  const { epoch } = await log.openTask("risk-gate");
  const ends = [0, 0, 0];
  for (let i = 0; i < 260; i++) {
    const partition = i % 3;
    const times = Array.from({ length: 1 + (i % 9) }, (_, k) => i + k);
    const payload = i % 20 === 0 ? 3000 : 30 + (i % 50);
    const base = ends[partition] as number;
    ends[partition] = base + times.length;
    await log.commit({
      produced: [
        batchAt("bars", partition, base, times, { floorUs: i + 6, payload, fill: i & 0xff }),
        batchAt("fills", 0, i, [i], { fill: 3 }),
      ],
      checkpoints: [
        {
          ...checkpointOf("risk-gate", epoch, i),
          state: new Uint8Array(40 * i),
          changes: [
            { key: `entry ${i % 90}`, value: new Uint8Array(i % 40).fill(i & 0xff) },
            { key: `entry ${(7 * i) % 90}`, value: null },
          ],
        },
      ],
    });
  }
}

async function contents(log: EventLog): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for (const { topic, partition, start, end } of await log.partitions()) {
    all.set(`${topic}/${partition} to ${end}`, (await readAll(log, topic, partition, start)).bytes);
  }
  return all;
}

async function reading(dir: string): Promise<Map<string, Uint8Array>> {
  const log = await openEmbeddedLog(dir, { mode: "read" });
  try {
    const all = await contents(log);
    const saved = await log.getCheckpoint("risk-gate");
    all.set("risk-gate", saved?.state ?? new Uint8Array());
    const reader = new LogReader(dataPath(dir));
    for (const [key, value] of reader.entries("risk-gate")) all.set(key, value);
    reader.close();
    return all;
  } finally {
    await log.close();
  }
}

function damage(bit: number): void {
  rmSync(damagedDir, { recursive: true, force: true });
  mkdirSync(damagedDir);
  copyFileSync(join(original, "log.json"), join(damagedDir, "log.json"));
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  writeFileSync(dataPath(damagedDir), copy);
}

/** Half of the flips hit the head, the tree and the free list, which are few pages of many. */
function randomBit(random: Random): number {
  const structural = [0, 1];
  for (let page = 2; page * PAGE < bytes.length; page++) {
    if ((bytes.readUInt16LE(page * PAGE + 18) & 3) !== 0) structural.push(page);
  }
  const page =
    random.integer(2) === 0
      ? random.integer(bytes.length / PAGE)
      : (structural[random.integer(structural.length)] as number);
  const within = page < 2 ? random.integer(200) : random.integer(PAGE);
  return (page * PAGE + within) * 8 + random.integer(8);
}

beforeAll(async () => {
  const log = await openEmbeddedLog(original);
  await fill(log);
  expected = await contents(log);
  await log.close();
  expected = await reading(original);
  bytes = readFileSync(dataPath(original));
});

afterAll(() => rmSync(root, { recursive: true }));

test("the log that is damaged has every kind of page, and is sound", () => {
  const kinds = new Set<number>();
  for (let at = 2 * PAGE; at < bytes.length; at += PAGE) kinds.add(bytes.readUInt16LE(at + 18) & 7);
  expect([...kinds].filter((kind) => kind > 0 && kind < 5).sort()).toEqual(
    expect.arrayContaining([1, 2, 4]),
  );
  expect(checkLog(original)).toMatchObject({ sound: true, faults: [] });
  expect([...expected.keys()].filter((name) => name.startsWith("entry")).length).toBe(42);
});

test(`each of ${FLIPS} flipped bits is found, or harmless`, async () => {
  const random = new Random(8);
  let harmless = 0;
  for (let i = 0; i < FLIPS; i++) {
    const bit = randomBit(random);
    damage(bit);
    const check = checkLog(damagedDir);
    if (!check.sound) continue;
    harmless++;
    const context = `byte ${bit >> 3} of page ${Math.floor(bit / 8 / PAGE)}, bit ${bit & 7}`;
    expect(await reading(damagedDir), context).toEqual(expected);
    // Writing goes through LMDB's own code: it must not fall over what the check let pass.
    if (harmless % 8 !== 0) continue;
    const log = await openEmbeddedLog(damagedDir);
    await log.commit({ produced: [batchAt("fills", 0, 260, [300])], checkpoints: [] });
    await log.close();
    expect(checkLog(damagedDir), context).toMatchObject({ sound: true });
  }
  expect(harmless).toBeGreaterThan(0);
  expect(harmless).toBeLessThan(FLIPS / 2);
});

test("a damaged log is refused for writing where LMDB would trust the damage", async () => {
  const random = new Random(9);
  for (let i = 0; i < FLIPS / 20; i++) {
    damage(randomBit(random));
    const structural = checkLog(damagedDir).faults.some(
      ({ what }) => what === "structure" || what === "head",
    );
    if (!structural) continue;
    await expect(openEmbeddedLog(damagedDir)).rejects.toMatchObject({ name: "TapedeckError" });
  }
});

/** A state of which some entries may be of an earlier commit is no state. */
const withoutState = (): Map<string, Uint8Array> =>
  new Map(
    [...expected]
      .filter(([name]) => !name.startsWith("entry "))
      .map(([name, value]) => [name, name === "risk-gate" ? new Uint8Array() : value]),
  );

test("repair loses no record of one flipped bit, and no state unless the tree is damaged", async () => {
  const random = new Random(10);
  let stateless = 0;
  for (let i = 0; i < FLIPS / 20; i++) {
    const bit = randomBit(random);
    damage(bit);
    if (checkLog(damagedDir).sound) continue;
    const context = `byte ${bit >> 3} of page ${Math.floor(bit / 8 / PAGE)}, bit ${bit & 7}`;
    const repair = await repairLog(damagedDir);
    expect(repair.after, context).toMatchObject({ sound: true });
    expect(repair.lost, context).toEqual([]);
    const after = await reading(damagedDir);
    if (repair.lostCheckpoints.length === 0) expect(after, context).toEqual(expected);
    else {
      stateless++;
      expect(repair.lostCheckpoints, context).toEqual(["risk-gate"]);
      expect(after, context).toEqual(withoutState());
    }
  }
  expect(stateless).toBeLessThan(FLIPS / 40);
});
