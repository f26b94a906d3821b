// tapedeck pre-live: what there is to show of a strategy before real money follows it, item by item.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { checklist, type Found, type Item, isReady, type Stretch } from "../pre-live/checklist.ts";
import {
  findLive,
  findRuns,
  findWalks,
  limitsOf,
  lookInto,
  readCompliance,
  readFaults,
} from "../pre-live/gather.ts";
import { renderChecklist } from "../pre-live/page.ts";
import { openPlan } from "../run/execute.ts";
import { type Json, type Phase, readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, runFolder, writeWhole } from "../run/run-folder.ts";
import { subjectOfPhase } from "../run/subject.ts";
import { verifyRun } from "../run/verify.ts";
import { wholeNumber } from "./number-option.ts";
import { progressLine } from "./progress.ts";
import { tapeOfRun } from "./tape-of-run.ts";
import { planOf, requireComplete } from "./verify.ts";

interface Options {
  readonly walkMonths: number;
  readonly paperDays: number;
  readonly shadow: readonly string[];
  readonly faults?: string;
  readonly compliance?: string;
  readonly verify: boolean;
  readonly out?: string;
  readonly root: string;
}

const PROOF_FAILED = 6;
const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function preLiveCommand(): Command {
  return new Command("pre-live")
    .argument(
      "<run or config>",
      "a run (id, unique start of an id, folder, `latest`) or a YAML file",
    )
    .option("--walk-months <n>", "asked for out of sample", wholeNumber(1), 6)
    .option("--paper-days <n>", "asked for in shadow or on paper", wholeNumber(1), 90)
    .option("--shadow <file>", "a shadow's report as JSON; may be given often", collect, [])
    .option("--faults <file>", "record of fault runs (default: <root>/faults.json)")
    .option("--compliance <file>", "the document that a person has written")
    .option("--no-verify", "do not replay the run: determinism is missing then")
    .option("--out <file>", "where the page goes, with its data beside it as JSON")
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, options: Options, command: Command) => {
      const { items, found, title } = await look(name, options);
      const out = resolve(options.out ?? join(options.root, "pre-live", `${found.subject}.html`));
      const data = { format: 1, name: title, ready: isReady(items), items, found };
      const json = out.endsWith(".html") ? `${out.slice(0, -5)}.json` : `${out}.json`;
      writeWhole(out, renderChecklist(title, found, items, Date.now() * 1000));
      writeWhole(json, `${JSON.stringify(data, null, 2)}\n`);
      const asJson = command.optsWithGlobals().json === true;
      process.stdout.write(asJson ? `${JSON.stringify(data)}\n` : textOf(items, out));
      if (!isReady(items)) process.exitCode = PROOF_FAILED;
    });
}

async function look(name: string, options: Options) {
  const { root, shadow } = options;
  const subject = await subjectNamed(name, root);
  const { phase } = subject;
  const id = subjectOfPhase(phase);
  const paths = findRuns(root, id);
  const own = subject.run ?? paths[0] ?? null;
  const all = own === null || paths.includes(own) ? paths : [own, ...paths];
  const papers: Stretch[] = [];
  const runs: Found["runs"][number][] = [];
  const line = progressLine("looking into runs", "runs");
  for (const [i, path] of all.entries()) {
    const { found, paper } = await lookInto(path, root);
    runs.push(found);
    if (paper !== null) papers.push(paper);
    line.update(i + 1, all.length);
  }
  line.end();
  const { live, shadows } = findLive(root, phase, shadow);
  const found: Found = {
    subject: id,
    ...findWalks(root, phase),
    papers: [...papers, ...shadows],
    live,
    runs,
    limits: limitsOf(phase.config),
    verified: own === null || !options.verify ? null : await verified(own),
    faults: readFaults(options.faults ?? join(root, "faults.json")),
    compliance: readCompliance(options.compliance),
  };
  const asked = { walkMonths: options.walkMonths, paperDays: options.paperDays };
  return { items: checklist(found, asked), found, title: subject.title };
}

/** A YAML file as it is now, or what a run was made with. */
async function subjectNamed(
  name: string,
  root: string,
): Promise<{ readonly phase: Phase; readonly run: string | null; readonly title: string }> {
  if (/\.ya?ml$/.test(name) && existsSync(name)) {
    const config = await loadConfig(name, []);
    const { model } = config.flow;
    const phase: Phase = {
      fromUs: null,
      config: config.canonical as Json,
      model: { name: model.name, digest: config.model.digest },
    };
    return { phase, run: null, title: model.name };
  }
  const { path, manifest: file } = findRun(name, root);
  const manifest = readManifest(file);
  requireComplete(manifest);
  const phase = manifest.phases.at(-1) as Phase;
  return { phase, run: path, title: `${phase.model.name}, run ${manifest.runId}` };
}

async function verified(path: string): Promise<Found["verified"]> {
  const folder = runFolder(path);
  const manifest = readManifest(folder.manifest);
  const plan = await planOf(folder, manifest);
  const open = await openPlan({ ...plan, ...(await tapeOfRun(manifest, {})) });
  const line = progressLine("verifying", "events");
  try {
    const { identical, records } = await verifyRun(folder, manifest, open, {
      onProgress: ({ sourceEvents }) => line.update(sourceEvents, open.sourceEvents),
    });
    return { run: manifest.runId, identical, records };
  } finally {
    line.end();
    await open.tape.close();
  }
}

const marks = { PASS: "pass   ", FAIL: "FAIL   ", MISSING: "missing" } as const;

function textOf(items: readonly Item[], page: string): string {
  const lines = items.flatMap(({ name, status, asked, found, evidence }) => [
    `${marks[status]}  ${name}: ${found}`,
    ...(status === "PASS" ? [] : [`         asked: ${asked}`]),
    ...evidence.map((line) => `         ${line}`),
  ]);
  const verdict = isReady(items) ? "ready: every item passed" : "not ready";
  return `${[...lines, "", verdict, `page ${page}`].join("\n")}\n`;
}

const help = `
The same strategy is: the same settings and model, whatever range, tape, commands, seed or partitions. Found by itself
under <root>: walks, runs, live flows. Named by you: shadows' reports, a record of fault runs, the compliance document.
Nothing is passed because nobody looked: what is not shown is missing (docs/pre-live.md).

Exit codes: 0 every item passed · 2 no such run or configuration · 3 bad input · 4 a log cannot be read ·
5 a model failed · 6 an item failed or is missing

Examples:
  $ tapedeck pre-live latest
  $ tapedeck pre-live my-run.yaml --walk-months 12 --paper-days 60 --shadow shadow.json --out checklist.html
  $ tapedeck pre-live 3f2a --compliance approval.pdf --faults faults.json --json`;
