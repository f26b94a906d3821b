import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TapedeckError } from "../../../schemas/errors.ts";
import { assignTasks, decodeAssignment, encodeClaims, type TaskClaim } from "./assigner.ts";

const claim = (generation: number, ...tasks: number[]): TaskClaim[] =>
  tasks.map((task) => ({ task, generation }));

const member = (
  id: string,
  running: readonly TaskClaim[] = [],
  cached: readonly TaskClaim[] = [],
  digest = "v1",
) => ({ id, metadata: encodeClaims({ digest, running, cached }) });

/** What each member gets: its tasks, or why none. */
function assigned(tasks: number, members: Parameters<typeof assignTasks>[1]) {
  return Object.fromEntries(
    [...assignTasks(tasks, members)].map(([id, bytes]) => {
      try {
        return [id, decodeAssignment(bytes)];
      } catch (error) {
        return [id, (error as TapedeckError).message];
      }
    }),
  );
}

describe("dealing out tasks", () => {
  test("gives all to one, none to those for whom none is left", () => {
    expect(assigned(3, [member("a")])).toEqual({ a: [0, 1, 2] });
    expect(assigned(1, [member("b"), member("a"), member("c")])).toEqual({ a: [0], b: [], c: [] });
    expect(assigned(0, [member("a")])).toEqual({ a: [] });
    expect(assigned(4, [])).toEqual({});
  });

  test("a newcomer takes a fair share and no task moves between the others", () => {
    const members = [member("a", claim(4, 0, 1, 2)), member("b", claim(4, 3, 4, 5)), member("c")];
    expect(assigned(6, members)).toEqual({ a: [0, 1], b: [3, 4], c: [2, 5] });
  });

  test("what a member leaves behind goes to the others alone", () => {
    const members = [member("a", claim(4, 0, 1)), member("c", claim(4, 4, 5))];
    const after = assigned(6, members);
    expect(after).toEqual({ a: [0, 1, 2], c: [3, 4, 5] });
  });

  test("of two that claim a task, the later generation has it", () => {
    const zombie = member("a", claim(3, 0, 1));
    const owner = member("b", claim(7, 0, 1));
    expect(assigned(2, [zombie, owner])).toEqual({ a: [1], b: [0] });
    expect(assigned(4, [zombie, member("b", claim(7, 0, 1, 2, 3))])).toEqual({
      a: [2, 3],
      b: [0, 1],
    });
  });

  test("a cache is no claim on what another runs, whatever its generation", () => {
    const back = member("a", [], claim(50, 0, 1));
    expect(assigned(2, [back, member("b", claim(1, 0))])).toEqual({ a: [1], b: [0] });
    expect(assigned(4, [back, member("b", claim(1, 0, 1))])).toEqual({ a: [2, 3], b: [0, 1] });
  });

  test("what nobody runs goes to whoever has its state on disk, the latest first", () => {
    const members = [
      member("a", claim(9, 0), claim(5, 3)),
      member("b", claim(9, 1), claim(8, 3)),
      member("c", claim(9, 2), claim(2, 3)),
    ];
    expect(assigned(4, members)).toEqual({ a: [0], b: [1, 3], c: [2] });
  });
});

describe("where shares shrink", () => {
  test("what is cached is given up before what runs", () => {
    const members = [member("a", claim(9, 1, 2), claim(8, 0)), member("b", claim(9, 3))];
    expect(assigned(4, members)).toEqual({ a: [1, 2], b: [0, 3] });
  });
});

describe("members of another version", () => {
  test("are refused while the others go on undisturbed, and are told why", () => {
    const members = [
      member("a", [], [], "v2"),
      member("b", claim(4, 0, 1)),
      member("c", claim(4, 2, 3)),
    ];
    expect(assigned(4, members)).toEqual({
      a: "this instance would decide by v2, others of its group decide by v1",
      b: [0, 1],
      c: [2, 3],
    });
  });

  test("are all refused at a start, where nobody can say which is right", () => {
    const members = [member("a", [], [], "v2"), member("b"), member("c")];
    const answers = Object.values(assigned(4, members));
    expect(answers).toEqual([
      "this instance would decide by v2, others of its group decide by v1",
      "this instance would decide by v1, others of its group decide by v2",
      "this instance would decide by v1, others of its group decide by v2",
    ]);
    const [bytes] = assignTasks(4, members).values();
    expect(() => decodeAssignment(bytes as Uint8Array)).toThrow(
      expect.objectContaining({
        code: "LIVE_VERSIONS_MIXED",
        facts: { own: "v2", others: "v1" },
      }),
    );
  });

  test("or one that says nothing readable, get nothing", () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const odd = ["", "{", "null", "[]", '{"format":2,"digest":"v1"}', '{"format":1,"digest":7}'];
    for (const metadata of [...odd.map(text), new Uint8Array([0xff, 0xfe])]) {
      const answers = assigned(2, [{ id: "a", metadata }, member("b", claim(1, 0, 1))]);
      expect(answers).toEqual({ a: expect.stringContaining("others of its group"), b: [0, 1] });
    }
  });

  test("claims of tasks that are none of the group's are not heard", () => {
    const metadata = new TextEncoder().encode(
      '{"format":1,"digest":"v1","running":[[9,1],[-1,1],[0.5,1],["0",1],[1],null,[1,2]],"cached":7}',
    );
    expect(assigned(2, [{ id: "b", metadata }, member("a")])).toEqual({ a: [0], b: [1] });
  });

  test("an answer that no version of ours wrote is refused too", () => {
    for (const text of ["", "{}", '{"format":2,"tasks":[]}']) {
      expect(() => decodeAssignment(new TextEncoder().encode(text))).toThrow(
        expect.objectContaining({ code: "LIVE_VERSIONS_MIXED" }),
      );
    }
  });
});

interface Instance {
  readonly id: string;
  running: TaskClaim[];
  /** Last generation of each task that it ever had. */
  readonly disk: Map<number, number>;
}

const metadataOf = ({ id, running, disk }: Instance) => {
  const runs = new Set(running.map(({ task }) => task));
  const cached = [...disk].map(([task, generation]) => ({ task, generation }));
  return member(
    id,
    running,
    cached.filter(({ task }) => !runs.has(task)),
  );
};

/** The most running tasks that any balanced deal can leave where they are: every choice is tried. */
function mostKept(tasks: number, running: readonly number[]): number {
  const least = Math.floor(tasks / running.length);
  const larger = tasks % running.length;
  let best = 0;
  for (let choice = 0; choice < 2 ** running.length; choice++) {
    const chosen = running.map((_, index) => (choice >> index) & 1);
    if (chosen.reduce((sum, bit) => sum + bit, 0) !== larger) continue;
    const kept = running.map((count, index) => Math.min(count, least + (chosen[index] as number)));
    best = Math.max(
      best,
      kept.reduce((sum, count) => sum + count, 0),
    );
  }
  return best;
}

describe("over joins and leaves", () => {
  const step = fc.record({
    what: fc.constantFrom("join", "leave", "back", "nothing", "away"),
    who: fc.nat(5),
    seed: fc.nat(1000),
    // Where not, the next change comes before the group has dealt out anew.
    settled: fc.boolean(),
  });

  test("each task has one owner, shares differ by one, and no more moves than need be", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 25 }), run),
      { numRuns: 300 },
    );
  });
});

function run(
  tasks: number,
  steps: readonly { what: string; who: number; seed: number; settled: boolean }[],
): void {
  let instances: Instance[] = [];
  const gone: Instance[] = [];
  let made = 0;
  steps.forEach(({ what, who, seed, settled }, index) => {
    const generation = index + 1;
    const at = instances.length === 0 ? 0 : who % instances.length;
    if (what === "join" && instances.length < 6) {
      // Ids come in no order, as a broker gives them.
      const id = `${((made * 7919) % 100) + 100}-${made++}`;
      instances.push({ id, running: [], disk: new Map() });
    } else if (what === "leave") {
      for (const left of instances.splice(at, 1)) gone.push({ ...left, running: [] });
    } else if (what === "away") {
      // Thrown out without knowing it: what it thinks it runs is old when it comes back.
      gone.push(...instances.splice(at, 1));
    } else if (what === "back" && instances.length < 6) {
      instances.push(...gone.splice(who % Math.max(1, gone.length), 1));
    }
    if (instances.length === 0 || !settled) return;
    instances = instances.toSorted((a, b) => ((a.id.length * seed) % 7) - ((b.id.length * 3) % 7));
    const members = instances.map(metadataOf);
    const answer = assignTasks(tasks, members);
    expect(assignTasks(tasks, members.toReversed())).toEqual(answer);
    const newest = new Map<number, { id: string; generation: number }>();
    for (const { id, running } of instances) {
      for (const { task, generation: of } of running) {
        if (of > (newest.get(task)?.generation ?? -1)) newest.set(task, { id, generation: of });
      }
    }
    const owned = instances.map(
      ({ id }) => [...newest.values()].filter((owner) => owner.id === id).length,
    );
    let kept = 0;
    for (const instance of instances) {
      const mine = decodeAssignment(answer.get(instance.id) as Uint8Array);
      kept += mine.filter((task) => newest.get(task)?.id === instance.id).length;
      instance.running = claim(generation, ...mine);
      for (const task of mine) instance.disk.set(task, generation);
    }
    const all = instances.flatMap(({ running }) => running.map(({ task }) => task));
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, task) => task));
    const sizes = instances.map(({ running }) => running.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(kept).toBe(mostKept(tasks, owned));
  });
}
