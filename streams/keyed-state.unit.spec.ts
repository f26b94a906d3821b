import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyedState } from "./keyed-state.ts";
import type { EntryChange } from "./log.ts";
import { encodeState } from "./state.ts";

/** A processor's state as a log keeps it; `commit` writes what changed, `restart` reads it back. */
class Kept {
  readonly entries = new Map<string, Uint8Array>();
  private keyed = new KeyedState("watcher");
  changes: EntryChange[] = [];
  state: unknown;

  constructor(initial: unknown) {
    this.state = this.keyed.track(initial);
  }

  commit(next: unknown = this.state): this {
    this.changes = [];
    this.state = this.keyed.track(next);
    this.keyed.takeChanges(this.state, this.changes);
    for (const { key, value } of this.changes) {
      if (value === null) this.entries.delete(key);
      else this.entries.set(key, value);
    }
    return this;
  }

  restart(): this {
    this.keyed = new KeyedState("watcher");
    this.state = this.keyed.track(this.keyed.restore(this.entries)?.state);
    return this;
  }

  get keys(): readonly string[] {
    return this.changes.map(({ key, value }) => (value === null ? `-${key}` : key));
  }
}

const sameAs = (kept: Kept, expected: unknown) =>
  expect(encodeState(kept.restart().state)).toEqual(encodeState(expected));

describe("a state kept by key", () => {
  test("writes the entries that were touched, and the rest only when it changed", () => {
    const map = new Map([..."abc"].map((key) => [key, { n: 0 }]));
    const kept = new Kept({ map, last: 1 }).commit();
    expect(kept.keys).toEqual(["watcher", "watcher/map/a", "watcher/map/b", "watcher/map/c"]);
    const state = kept.state as { map: Map<string, { n: number }>; last: number };
    (state.map.get("b") as { n: number }).n = 5;
    expect(kept.commit().keys).toEqual(["watcher/map/b"]);
    expect(kept.commit().keys).toEqual([]);
    state.last = 2;
    state.map.delete("a");
    expect(kept.commit().keys).toEqual(["watcher", "-watcher/map/a"]);
    sameAs(kept, {
      map: new Map([..."bc"].map((key) => [key, { n: key === "b" ? 5 : 0 }])),
      last: 2,
    });
    expect(kept.restart().commit().keys, "after a restart").toEqual([]);
  });

  test("takes the state itself for a Map where it is one", () => {
    const kept = new Kept(new Map([["x", 1]])).commit();
    expect(kept.keys).toEqual(["watcher", "watcher//x"]);
    (kept.state as Map<string, number>).set("y", 2);
    expect(kept.commit().keys).toEqual(["watcher//y"]);
    sameAs(kept, new Map([..."xy"].map((key, i) => [key, i + 1])));
  });

  test.each([
    ["null", null],
    ["a number", -0],
    ["text", "state"],
    ["a list", [1, new Map([["a", 1]])]],
    ["a record without Maps", { z: 1, a: [Number.NaN], deep: { map: new Map([["k", 1n]]) } }],
    ["an empty record", {}],
    ["a Map of Maps", new Map([["a", new Map([["b", 1]])]])],
    [
      "fields that look like paths",
      { "a/b": new Map([["c/d", 1]]), "a~b": new Map(), "": new Map([["", 2]]) },
    ],
  ])("gives back %s", (_, state) => {
    sameAs(new Kept(structuredClone(state)).commit(), state);
  });

  test("keeps the order of a record's fields, Maps or not", () => {
    const state = { z: 1, m: new Map(), a: 2, k: new Map([["x", 1]]) };
    const kept = new Kept(state).commit().restart();
    expect(Object.keys(kept.state as object)).toEqual(["z", "m", "a", "k"]);
  });

  test("follows Maps that the processor puts in another's place, takes out, or brings in", () => {
    const kept = new Kept({ map: new Map([..."ab"].map((key) => [key, 1])) }).commit();
    kept.commit(Object.freeze({ map: new Map([..."bc"].map((key) => [key, 2])) }));
    expect(kept.keys).toEqual(["-watcher/map/a", "watcher/map/b", "watcher/map/c"]);
    (kept.state as { map: Map<string, number> }).map.set("d", 4);
    sameAs(kept.commit(), { map: new Map([..."bcd"].map((key) => [key, key === "d" ? 4 : 2])) });
    kept.commit({ map: null, other: new Map([["o", 1]]) });
    expect([...kept.entries.keys()]).toEqual(["watcher", "watcher/other/o"]);
    sameAs(kept, { map: null, other: new Map([["o", 1]]) });
    kept.commit({ map: new Map([["again", 1]]) });
    sameAs(kept, { map: new Map([["again", 1]]) });
    expect([...kept.entries.keys()].toSorted()).toEqual(["watcher", "watcher/map/again"]);
    kept.commit([]);
    expect([...kept.entries.keys()]).toEqual(["watcher"]);
  });

  test("tells keys of every kind apart", () => {
    const keys = ["1", 1, 1n, true, null, "=", "==", "=00", "", 1.5, Number.NaN, "true"];
    const state = new Map(keys.map((key, i) => [key, i]));
    const kept = new Kept(new Map(state)).commit();
    expect(kept.entries.size).toBe(1 + keys.length);
    sameAs(kept, state);
  });

  test.each([
    ["state.map.get(k).when is a Date", { map: new Map([["k", { when: new Date(0) }]]) }],
    ["state.other.a is undefined", { map: new Map(), other: { a: undefined } }],
    [
      "state.map has an object for a key: it is another one after a restart",
      { map: new Map([[{}, 1]]) },
    ],
    ["state is a Set", new Set()],
  ])("refuses what is not plain data: %s", (message, state) => {
    expect(() => new Kept(state).commit()).toThrow(message);
  });

  test("leaves the entries of others alone", () => {
    const kept = new Kept(new Map([["a", 1]])).commit();
    kept.entries.set("watch/er/x", encodeState([0, 1]));
    kept.entries.set("watcher2//a", encodeState([0, 1]));
    sameAs(kept, new Map([["a", 1]]));
    expect(new KeyedState("nobody").restore(kept.entries)).toBeNull();
  });

  test("comes back as it was after any changes and restarts", () => {
    const key = fc.constantFrom(..."abcde");
    const step = fc.record({
      what: fc.constantFrom("set", "change", "delete", "replace", "drop", "commit", "restart"),
      field: fc.constantFrom("x", "y"),
      key,
    });
    type State = Record<string, Map<string, { n: number }> | number>;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const plain: State = { x: new Map(), n: 0, y: new Map() };
        const kept = new Kept(structuredClone(plain)).commit();
        for (const { what, field, key: k } of steps) {
          for (const state of [plain, kept.state as State]) {
            const map = state[field];
            if (what === "replace") state[field] = new Map([[k, { n: 1 }]]);
            else if (what === "drop") state[field] = 7;
            else if (!(map instanceof Map)) continue;
            else if (what === "set") map.set(k, { n: map.size });
            else if (what === "delete") map.delete(k);
            else if (what === "change") for (const box of map.values()) box.n++;
          }
          if (what === "commit") kept.commit();
          if (what === "restart") kept.commit().restart();
        }
        sameAs(kept.commit(), plain);
      }),
      { numRuns: 1_000 },
    );
  });
});
