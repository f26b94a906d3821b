import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeState } from "./state.ts";
import { TrackedMap } from "./tracked-map.ts";

interface Box {
  n: number;
}

/** What a log would hold after every change so far. */
class Stored {
  readonly entries = new Map<string, readonly [ordinal: number, value: unknown]>();

  take(map: TrackedMap<string, unknown>): void {
    map.takeTouched((key, now) => {
      if (now === null) this.entries.delete(key);
      else this.entries.set(key, structuredClone(now));
    });
  }

  restored(): TrackedMap<string, unknown> {
    const map = new TrackedMap<string, unknown>();
    const ordered = [...this.entries].toSorted(([, a], [, b]) => a[0] - b[0]);
    for (const [key, [ordinal, value]] of ordered) map.restore(key, ordinal, value);
    return map;
  }
}

const touched = (map: TrackedMap<string, unknown>): readonly string[] => {
  const keys: string[] = [];
  map.takeTouched((key) => keys.push(key));
  return keys;
};

const filled = (): TrackedMap<string, Box> => {
  const map = new TrackedMap<string, Box>();
  for (const [n, key] of [..."abc"].entries()) map.restore(key, n, { n });
  return map;
};

describe("a tracked map", () => {
  test("is a Map to whoever looks at it", () => {
    const map = filled();
    expect(map).toBeInstanceOf(Map);
    expect(map.size).toBe(3);
    expect(structuredClone(map)).toEqual(new Map([..."abc"].map((key, n) => [key, { n }])));
    expect(encodeState(map)).toEqual(encodeState(new Map(map)));
    expect([...map.keys()]).toEqual([..."abc"]);
    expect([...map.values()].map(({ n }) => n)).toEqual([0, 1, 2]);
    const seen: unknown[] = [];
    map.forEach(function (this: unknown, value, key, self) {
      seen.push([this, value.n, key, self === map]);
    }, "me");
    expect(seen[2]).toEqual(["me", 2, "c", true]);
    expect(map.set("a", { n: 9 })).toBe(map);
    expect([map.delete("a"), map.delete("a"), map.has("a")]).toEqual([true, false, false]);
    for (const entry of map) expect(entry[0]).toMatch(/[bc]/);
    expect([...map.entries()].length).toBe(2);
  });

  test("counts as touched what was handed out, set or taken away, and nothing else", () => {
    const map = filled();
    expect([map.has("a"), map.size, [...map.keys()].length, map.get("x")]).toEqual([
      true,
      3,
      3,
      undefined,
    ]);
    expect(touched(map)).toEqual([]);
    (map.get("b") as Box).n = 7;
    expect(touched(map)).toEqual(["b"]);
    map.delete("x");
    expect(touched(map)).toEqual([]);
    map.delete("c");
    map.set("d", { n: 1 });
    expect(touched(map)).toEqual(["c", "d"]);
    for (const box of map.values()) if (box.n === 7) break;
    expect(touched(map)).toEqual(["a", "b"]);
    map.clear();
    expect(touched(map)).toEqual(["a", "b", "d"]);
  });

  test("does not count what was handed out and cannot be changed in place", () => {
    const map = new TrackedMap<string, unknown>();
    map.restore("a", 0, 1);
    map.restore("b", 1, "text");
    map.restore("c", 2, 5n);
    map.restore("d", 3, null);
    for (const key of "abcd") map.get(key);
    expect([...map].length).toBe(4);
    expect(touched(map)).toEqual([]);
  });

  // The oracle is a plain Map: the same calls, the whole of it looked at in the end.
  test("comes back from what was touched, in the order of a Map", () => {
    const key = fc.constantFrom(..."abcdefgh");
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ what: fc.constant("set" as const), key, n: fc.nat(99) }),
      },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("change" as const), key }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("delete" as const), key }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("clear", "each") }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constantFrom("commit", "restart") }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const plain = new Map<string, Box>();
        const stored = new Stored();
        let map = new TrackedMap<string, unknown>();
        const both = (work: (on: Map<string, Box>) => void) => {
          work(plain);
          work(map as Map<string, Box>);
        };
        for (const next of steps) {
          if (next.what === "set") both((on) => on.set(next.key, { n: next.n }));
          else if (next.what === "delete") both((on) => on.delete(next.key));
          else if (next.what === "clear") both((on) => on.clear());
          else if (next.what === "each")
            both((on) => {
              for (const box of on.values()) box.n++;
            });
          else if (next.what === "change") {
            both((on) => {
              const box = on.get(next.key);
              if (box !== undefined) box.n += 100;
            });
          } else {
            stored.take(map);
            if (next.what === "restart") map = stored.restored();
          }
        }
        stored.take(map);
        expect(encodeState(stored.restored())).toEqual(encodeState(plain));
      }),
      { numRuns: 2_000 },
    );
  });
});
