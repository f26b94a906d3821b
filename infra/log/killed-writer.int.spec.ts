// Real processes: one is killed while it writes, again and again, on the same log; a second one
// wants to write at the same time.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { refusal } from "../../streams/testing/log-fixtures.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { wrongIn } from "./testing/written.ts";

const KILLS = Number(process.env.TAPEDECK_KILLS ?? 200);
const KILLS_PER_LOG = 20;
const PROGRAM = join(import.meta.dirname, "testing/writing-process.ts");
const root = mkdtempSync(join(tmpdir(), "tapedeck-kill-"));

afterAll(() => rmSync(root, { recursive: true }));

interface Outcome {
  readonly openMs: number;
  /** One more than the last commit that was acknowledged. */
  readonly acked: number;
  readonly output: string;
}

/** Runs the writer until `stop` kills it, or to its end; `opened` is called once it writes. */
async function run(
  dir: string,
  args: readonly string[],
  opened: (child: ChildProcessWithoutNullStreams) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, ["--no-warnings", PROGRAM, dir, ...args]);
  let output = "";
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  child.stdout.on("data", (text) => {
    const before = output;
    output += text;
    if (!before.includes("open ") && output.includes("open ")) opened(child);
  });
  await new Promise((resolve) => child.on("close", resolve));
  expect(errors).toBe("");
  // The last line may be cut: an acknowledgement counts once it is whole.
  const acks = [...output.matchAll(/^ack (\d+)\n/gm)].map(([, i]) => Number(i) + 1);
  const openMs = Number(/open (\d+)/.exec(output)?.[1] ?? Number.NaN);
  return { openMs, acked: Math.max(0, ...acks), output };
}

test(
  `a writer that is killed ${KILLS} times loses nothing that it acknowledged`,
  async () => {
    const random = new Random(11);
    const openings: number[] = [];
    let acked = 0;
    let all = 0;
    for (let round = 0; round < KILLS; round++) {
      // A new log now and then: each round reads all of it.
      const dir = join(root, `killed-${Math.floor(round / KILLS_PER_LOG)}`);
      if (round % KILLS_PER_LOG === 0) acked = 0;
      const delayMs = 5 + random.integer(146);
      const outcome = await run(dir, [], (child) =>
        setTimeout(() => child.kill("SIGKILL"), delayMs),
      );
      acked = Math.max(acked, outcome.acked);
      openings.push(outcome.openMs);
      const last = round % KILLS_PER_LOG === KILLS_PER_LOG - 1 || round === KILLS - 1;
      if (last) all += acked;
      const wrong = await wrongIn(dir, acked, last ? undefined : 100);
      expect(wrong, `round ${round}, killed ${delayMs} ms after opening`).toEqual([]);
    }
    expect(all).toBeGreaterThan(KILLS);
    const [p50, p95] = [0.5, 0.95].map(
      (share) => openings.toSorted((a, b) => a - b)[Math.floor(share * openings.length)],
    );
    console.log(`opened after a kill within ${p50} ms (p50), ${p95} ms (p95)`);
  },
  60_000 + KILLS * 2_000,
);

test("while a process writes, no other may; when it is killed, the next may at once", async () => {
  const dir = join(root, "locked");
  let second = "";
  let owner = 0;
  const first = run(dir, [], async (child) => {
    owner = child.pid ?? 0;
    second = await refusal(openEmbeddedLog(dir));
    child.kill("SIGKILL");
  });
  await first;
  expect(owner).toBeGreaterThan(0);
  expect(second).toBe("STORE_LOCKED");
  const log = await openEmbeddedLog(dir);
  expect(await refusal(openEmbeddedLog(dir))).toBe("STORE_LOCKED");
  await log.close();
  await (await openEmbeddedLog(dir)).close();
});

test("of two processes that start together one writes", async () => {
  const dir = join(root, "race");
  const both = [run(dir, ["200"], () => {}), run(dir, ["200"], () => {})];
  const outputs = (await Promise.all(both)).map(({ output }) => output);
  const wrong = await wrongIn(dir, 200);
  // It would take long to see again: keep what there is.
  if (wrong.length > 0) cpSync(dir, `${root}-kept`, { recursive: true });
  expect(wrong, `kept in ${root}-kept; they said:\n${outputs.join("\n")}`).toEqual([]);
  const refused = outputs.filter((output) => output.startsWith("failed STORE_LOCKED"));
  const finished = outputs.filter((output) => output.endsWith("closed\n"));
  // The second may also have found the log closed again, and nothing left to write.
  expect(refused.length + finished.length).toBe(2);
  expect(finished.length).toBeGreaterThan(0);
});

test("a reader follows a writing process, and reads what it reads whole", async () => {
  const dir = join(root, "followed");
  let next = 0;
  let following: Promise<void> = Promise.resolve();
  await run(dir, ["400"], () => {
    following = (async () => {
      const log = await openEmbeddedLog(dir, { mode: "read" });
      const stop = { aborted: false, onabort: null };
      while (next < 400) {
        expect(await log.follow("b", 0, next / 2, stop)).toBe(true);
        for (let batch = await log.read("b", 0, next / 2); batch !== null; ) {
          next += 2 * batch.count;
          batch = await log.read("b", 0, next / 2);
        }
      }
      await log.close();
    })();
  });
  await following;
  expect(next).toBe(400);
  expect(await wrongIn(dir, 400)).toEqual([]);
});
