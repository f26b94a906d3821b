import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Random } from "../../../quant/random.ts";
import { StateCache } from "./state-cache.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const life = (next: number, incarnation = "a") => ({ incarnation, next });

describe("StateCache", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tapedeck-cache-"));
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the next process finds. */
  async function reloaded() {
    const cache = StateCache.open(folder);
    const held = cache.load();
    await cache.close();
    const entries = held === null ? null : [...held.entries];
    return {
      place: held?.place ?? null,
      entries: entries?.map(([key, value]) => [key, new TextDecoder().decode(value)]) ?? null,
    };
  }

  test("says which folder it cannot be kept in", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => StateCache.open(join(file, "below"))).toThrow(
      expect.objectContaining({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining(file),
      }),
    );
  });

  test("gives back what was applied, at the place that was told last", async () => {
    const cache = StateCache.open(folder);
    cache.apply(life(5), [
      { key: "x", value: bytes("1") },
      { key: "y/ä", value: bytes("2") },
    ]);
    cache.apply(life(9), [
      { key: "x", value: null },
      { key: "z", value: bytes("") },
    ]);
    await cache.close();
    expect(await reloaded()).toEqual({
      place: life(9),
      entries: [
        ["y/ä", "2"],
        ["z", ""],
      ],
    });
  });

  test("holds nothing before the first transaction", async () => {
    expect((await reloaded()).place).toBe(null);
  });

  test("keeps bytes that the caller goes on to use", async () => {
    const cache = StateCache.open(folder);
    const value = Buffer.from("before");
    cache.apply(life(1), [{ key: "k", value }]);
    value.fill(0);
    await cache.close();
    expect((await reloaded()).entries).toEqual([["k", "before"]]);
  });

  test("begins anew after clear, whatever was pending", async () => {
    const cache = StateCache.open(folder);
    cache.apply(life(5), [{ key: "old", value: bytes("1") }]);
    await cache.flush();
    cache.apply(life(6), [{ key: "pending", value: bytes("1") }]);
    cache.clear();
    cache.apply(life(2, "b"), [{ key: "new", value: bytes("2") }]);
    await cache.close();
    expect(await reloaded()).toEqual({ place: life(2, "b"), entries: [["new", "2"]] });
  });

  test("writes nothing on top of a write that failed", async () => {
    const cache = StateCache.open(folder);
    cache.apply(life(5), [{ key: "good", value: bytes("1") }]);
    await cache.flush();
    // Longer than any key that the store takes.
    cache.apply(life(6), [{ key: "k".repeat(5_000), value: bytes("1") }]);
    await cache.flush();
    cache.apply(life(7), [{ key: "later", value: bytes("1") }]);
    await cache.close();
    expect(await reloaded()).toEqual({ place: life(5), entries: [["good", "1"]] });
  });

  test("counts as none when it is older than the marks of deleted keys", async () => {
    const cache = StateCache.open(folder);
    cache.apply(life(5), [{ key: "k", value: bytes("1") }]);
    await cache.close();
    const hours = 13;
    vi.useFakeTimers({ now: Date.now() + hours * 3_600_000, toFake: ["Date"] });
    expect((await reloaded()).place).toBe(null);
  });

  test("never gives a value of which a bit has flipped, nor less than it had", async () => {
    const random = new Random(5);
    const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`);
    const cache = StateCache.open(folder);
    cache.apply(
      life(5),
      keys.map((key) => ({ key, value: bytes(`value of ${key}, long enough to be hit`) })),
    );
    await cache.close();
    const sound = readFileSync(join(folder, "state.mdb"));
    let refused = 0;
    const first = sound.indexOf("value of key-");
    const last = sound.lastIndexOf("value of key-");
    for (let round = 0; round < 100; round++) {
      const damaged = Buffer.from(sound);
      const at = first + random.integer(last - first);
      // A text's byte: the store's own structure may crash it, which is another promise.
      if ((damaged[at] as number) < 0x20 || (damaged[at] as number) > 0x7e) continue;
      damaged[at] = (damaged[at] as number) ^ (1 << random.integer(8));
      writeFileSync(join(folder, "state.mdb"), damaged);
      const { place, entries } = await reloaded();
      if (place === null) refused++;
      else for (const [key, value] of entries ?? []) expect(value).toContain(`value of ${key},`);
    }
    expect(refused).toBeGreaterThan(30);
  });

  test("is thrown away where it is no store", async () => {
    writeFileSync(join(folder, "state.mdb"), "not a database, and long enough to be read as one");
    expect((await reloaded()).place).toBe(null);
  });
});
