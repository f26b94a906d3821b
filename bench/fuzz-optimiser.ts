// Throws random problems at the optimiser and random programs at its solvers, each answer judged by arithmetic and by
// HiGHS. Promises: what went wrong is named so that it can be drawn again; the exit code is then 1.
//
//   npm run fuzz:optimiser -- --count 100000 --seed 1 [--from 0] [--processes 2]
//   npm run fuzz:optimiser -- --what programs --kinds CVAR,NORM_CVAR      problems, programs, or both in turn

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { optimise } from "../quant/optimiser/optimise.ts";
import { solveProgram } from "../quant/optimiser/solve-program.ts";
import { fuzzProblem } from "../quant/optimiser/testing/fuzzed-problems.spec.ts";
import {
  fuzzOne,
  noPrograms,
  type Tally,
  together,
} from "../quant/optimiser/testing/fuzzed-programs.spec.ts";
import { PROBLEM_KINDS, type ProblemKind } from "../quant/optimiser/testing/random-problem.ts";
import { PROGRAM_KINDS, type ProgramKind } from "../quant/optimiser/testing/random-program.ts";

const CHUNK = 200;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    what: { type: "string", default: "both" },
    kinds: { type: "string", default: [...PROBLEM_KINDS, ...PROGRAM_KINDS].join(",") },
    processes: { type: "string", default: "2" },
    child: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const names = values.kinds.split(",");
const kinds = PROGRAM_KINDS.filter((kind: ProgramKind) => names.includes(kind));
const problemKinds = PROBLEM_KINDS.filter((kind: ProblemKind) => names.includes(kind));

const now = (): number => performance.now();

/** Of both, the even ones are problems. */
function one(index: number): Tally {
  const isProblem = values.what === "problems" || (values.what === "both" && index % 2 === 0);
  return isProblem
    ? fuzzProblem(optimise, { seed, index, wanted: { kinds: problemKinds } }, now)
    : fuzzOne(solveProgram, { seed, index, wanted: { kinds } }, now);
}

function chunk(from: number, to: number): Tally {
  let tally = noPrograms;
  for (let index = from; index < to; index++) tally = together(tally, one(index));
  return tally;
}

/** Takes "from to" lines, answers each with its tally. */
async function child(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [from = 0, to = 0] = line.split(" ").map(Number);
    process.stdout.write(`${JSON.stringify(chunk(from, to))}\n`);
  }
}

async function parent(): Promise<Tally> {
  const end = Number(values.from) + Number(values.count);
  const start = performance.now();
  let next = Number(values.from);
  let all = noPrograms;
  const feed = async (): Promise<void> => {
    const worker = spawn(
      process.execPath,
      [import.meta.filename, "--child", ...process.argv.slice(2)],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const give = (): void => {
      if (next >= end) return void worker.stdin.end();
      const to = Math.min(end, next + CHUNK);
      worker.stdin.write(`${next} ${to}\n`);
      next = to;
    };
    give();
    for await (const line of createInterface({ input: worker.stdout })) {
      const tally = JSON.parse(line) as Tally;
      for (const wrong of tally.wrong) console.log(wrong);
      for (const open of tally.open) console.log(`open: ${open}`);
      all = together(all, tally);
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      process.stderr.write(`${all.programs} judged, ${all.wrong.length} wrong, ${seconds} s\n`);
      give();
    }
  };
  await Promise.all(Array.from({ length: Number(values.processes) }, feed));
  if (all.programs < Number(values.count)) {
    throw new Error(`${all.programs} of ${values.count} were judged: a process ended early`);
  }
  return all;
}

if (values.child) await child();
else {
  const tally = await parent();
  for (const [key, count] of Object.entries(tally.counts).sort()) {
    console.log(`${key.padEnd(32)}${String(count).padStart(9)}`);
  }
  console.log(`\n${"returns".padEnd(32)}   judged    wrong     open`);
  const kindsOfReturns = Object.keys(tally.returns).flatMap(
    (key) => key.match(/^(.*) judged$/)?.[1] ?? [],
  );
  for (const kind of kindsOfReturns.sort()) {
    const figure = (what: string): string =>
      String(tally.returns[`${kind} ${what}`] ?? 0).padStart(9);
    console.log(`${kind.padEnd(32)}${["judged", "wrong", "open"].map(figure).join("")}`);
  }
  console.log("");
  const worst = (name: string, { value, index }: Tally["gap"]): void =>
    console.log(`${name.padEnd(32)}${value.toPrecision(3).padStart(9)}  (${seed}, ${index})`);
  worst("largest gap, relative", tally.gap);
  worst("furthest from HiGHS, relative", tally.disagreement);
  worst("slowest, ms", tally.slowest);
  worst("most pivots", tally.pivots);
  console.log(`${"HiGHS had no sharp answer".padEnd(32)}${String(tally.silent).padStart(9)}`);
  console.log(`${"open: of the hardest kinds".padEnd(32)}${String(tally.open.length).padStart(9)}`);
  console.log(`${"wrong or without status".padEnd(32)}${String(tally.wrong.length).padStart(9)}`);
  process.exitCode = tally.wrong.length > 0 ? 1 : 0;
}
