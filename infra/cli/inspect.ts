// tapedeck inspect: look into runs and tapes, at any point of the past, and ask an event why it is.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Account, Explanation, Walk } from "../../projections/answer.ts";
import { answersOf, walks } from "../../projections/answers.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { catalogue, isTopicName } from "../../streams/catalogue.ts";
import type { AnyEvent, Position } from "../../streams/event.ts";
import { eventAt } from "../../streams/event-at.ts";
import { type EventId, eventIds } from "../../streams/identity.ts";
import type { EventLog } from "../../streams/log.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { mermaidOf, producersIn } from "../../streams/print-topology.ts";
import { projectAt, type Until } from "../../streams/project.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, runFolder, runsOf } from "../run/run-folder.ts";
import { accountOf, openView, tapeNames, type View } from "../run/run-view.ts";
import { eventJson, positionText, valueText } from "./event-text.ts";
import { type Cell, tableText } from "./table.ts";

const WHERE = "a run (id, unique start of an id, folder, `latest`) or a tape (name, folder)";
const RUN = "id, unique start of an id, folder, or `latest`";
const DEFAULT_LIMIT = 20;

interface Options {
  readonly root: string;
  readonly at?: string;
  readonly topic?: string;
  readonly partition?: string;
  readonly from?: string;
  readonly limit?: string;
  readonly mermaid?: boolean;
  readonly explain?: string;
}

type Rows = readonly Readonly<Record<string, Cell>>[];

/** Nobody's: the answers' names do not depend on the account. */
const nobody: Account = { name: "", currency: "", currencyScale: 0, initialCashMinor: 0n };

export function inspectCommand(): Command {
  const inspect = new Command("inspect")
    .description("Look into runs and tapes, at any point of the past.")
    .addHelpText("after", help);
  const add = (name: string, summary: string): Command => {
    const command = inspect
      .command(name)
      .description(summary)
      .option("--root <folder>", "where runs and tapes are kept", DEFAULT_ROOT);
    return command.exitOverride();
  };
  add("runs", "list the runs").action(listRuns);
  add("tapes", "list the tapes").action(listTapes);
  add("run", "what a run is: what went in, with what, and what came out")
    .argument("<run>", RUN)
    .action(showRun);
  add("topics", "every topic with its records and their times")
    .argument("<where>", WHERE)
    .action(viewing(showTopics));
  add("topology", "the graph that a run went through")
    .argument("<run>", RUN)
    .option("--mermaid", "as a Mermaid flowchart")
    .action(showTopology);
  add("events", "events in the one order")
    .argument("<where>", WHERE)
    .option("--topic <name>", "of this topic only")
    .option("--partition <number>", "of this partition only")
    .option("--from <offset>", "from this offset on, in each partition shown")
    .option("--at <time>", "from this event time on, ISO 8601")
    .option("--limit <number>", `how many, at most (default ${DEFAULT_LIMIT})`)
    .option("--explain <position>", "why one event happened: topic/partition/offset")
    .action(viewing(showEvents));
  for (const walk of walks) {
    add(walk.name, walk.question)
      .argument("<run>", RUN)
      .argument("<position>", "topic/partition/offset")
      .action(async (name: string, at: string, options: Options, command: Command) =>
        viewing((view, _, json) => showWalk(walk, view, at, json))(name, options, command),
      );
  }
  for (const { projection, question } of answersOf(nobody)) {
    add(projection.name, question)
      .argument("<run>", RUN)
      .option("--at <point>", "as of an ISO 8601 time, or of an event topic/partition/offset")
      .action(viewing((view, options, json) => showAnswer(projection.name, view, options, json)));
  }
  return inspect;
}

const isJson = (command: Command): boolean => command.optsWithGlobals().json === true;

const write = (text: string): void => {
  process.stdout.write(text);
};

const writeJson = (value: unknown): void =>
  write(
    `${JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one))}\n`,
  );

const show = (rows: Rows, none: string, json: boolean): void =>
  json ? writeJson(rows) : write(tableText(rows, none));

/** Opens what is named, and closes it whatever happens. */
function viewing(look: (view: View, options: Options, json: boolean) => Promise<void>) {
  return async (name: string, options: Options, command: Command): Promise<void> => {
    const view = await openView(name, options.root);
    try {
      if (view.missing !== null) process.stderr.write(`note: ${view.missing}\n`);
      await look(view, options, isJson(command));
    } finally {
      await view.log.close();
    }
  };
}

function listRuns({ root }: Options, command: Command): void {
  const folder = runsOf(root);
  const ids = existsSync(folder) ? readdirSync(folder).sort() : [];
  const rows = ids
    .map((id) => runFolder(join(folder, id)))
    .filter(({ manifest }) => existsSync(manifest))
    .map(({ manifest: path }) => {
      const manifest = readManifest(path);
      return {
        run: manifest.runId,
        state: stateOf(manifest),
        model: manifest.phases.at(-1)?.model.name ?? "",
        records: manifest.state === "complete" ? recordsOf(manifest) : null,
        hash: manifest.hash?.slice(0, 16) ?? null,
        tape: manifest.tape,
        forkOf: manifest.forkOf,
      };
    });
  show(rows, `no runs in ${folder}: make one with \`tapedeck demo\``, isJson(command));
}

/** Whether a process is at work in it now is not looked at: it may have been stopped or killed. */
const stateOf = ({ state }: Manifest): string => (state === "running" ? "unfinished" : state);

const recordsOf = ({ outputs }: Manifest): number =>
  outputs.reduce((sum, { from, to }) => sum + to - from, 0);

async function listTapes({ root }: Options, command: Command): Promise<void> {
  const rows: Record<string, Cell>[] = [];
  for (const tape of tapeNames(root)) {
    const { log } = await openView(tape, root);
    try {
      const ranges = await log.partitions();
      const records = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
      rows.push({ tape, records, topics: [...new Set(ranges.map((one) => one.topic))].join(" ") });
    } finally {
      await log.close();
    }
  }
  show(rows, `no tapes in ${root}: make one with \`tapedeck simulate\``, isJson(command));
}

function showRun(name: string, { root }: Options, command: Command): void {
  const folder = findRun(name, root);
  const manifest = readManifest(folder.manifest);
  if (isJson(command)) {
    writeJson(manifest);
    return;
  }
  const { engine, code, phases } = manifest;
  const lines: readonly (readonly [string, string])[] = [
    ["run", manifest.runId],
    ["state", stateOf(manifest)],
    ["hash", manifest.hash ?? "not complete"],
    ...(manifest.forkOf === null ? [] : [["fork of", manifest.forkOf] as const]),
    ...phases.map(
      ({ fromUs, model }) =>
        [
          fromUs === null ? "model" : `model from ${formatIsoUs(fromUs)}`,
          `${model.name} ${model.digest.slice(0, 16)}`,
        ] as const,
    ),
    ["code", `${code.version} ${code.digest.slice(0, 16)}`],
    ["engine", `Node ${engine.node}, V8 ${engine.v8}, ${engine.platform}`],
    ["tape", manifest.tape],
    ["folder", folder.path],
    ["report", existsSync(folder.report) ? folder.report : "not written yet"],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  write(`${lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n")}\n\n`);
  const hashes = [
    ...manifest.inputs.map((one) => ({ way: "in", ...one })),
    ...manifest.outputs.map((one) => ({ way: "out", ...one })),
  ].map(({ way, topic, partition, from, to, sha256 }) => ({
    way,
    partition: `${topic}/${partition}`,
    from,
    to,
    sha256,
  }));
  write(tableText(hashes, "nothing went in or came out yet"));
}

function showTopology(name: string, { root, mermaid }: Options, command: Command): void {
  const { topology } = readManifest(findRun(name, root).manifest);
  if (isJson(command)) writeJson({ topology });
  else write(mermaid === true ? mermaidOf(topology) : topology);
}

async function showTopics({ log, order }: View, _: Options, json: boolean): Promise<void> {
  const ranges = await log.partitions();
  const rank = (topic: string): number => order.indexOf(topic as TopicName);
  const names = [...new Set(ranges.map(({ topic }) => topic))].sort((a, b) => rank(a) - rank(b));
  const rows: Record<string, Cell>[] = [];
  for (const topic of names) {
    const own = ranges.filter((range) => range.topic === topic);
    const ends: number[] = [];
    for (const range of own) {
      if (range.end === range.start || !isTopicName(topic)) continue;
      for (const offset of [range.start, range.end - 1]) {
        ends.push((await eventAt(log, { topic, partition: range.partition, offset })).timeUs);
      }
    }
    rows.push({
      topic,
      key: isTopicName(topic) ? catalogue[topic].key : null,
      partitions: own.length,
      records: own.reduce((sum, { start, end }) => sum + end - start, 0),
      first: ends.length === 0 ? null : formatIsoUs(Math.min(...ends)),
      last: ends.length === 0 ? null : formatIsoUs(Math.max(...ends)),
    });
  }
  show(rows, "no topics", json);
}

async function showEvents(view: View, options: Options, json: boolean): Promise<void> {
  if (options.explain !== undefined) {
    const [walk] = walks;
    if (walk === undefined) throw wrong("--explain", options.explain, "no walk is registered");
    return showWalk(walk, view, options.explain, json);
  }
  const { log, order } = view;
  const topics = options.topic === undefined ? order : [topicOf(options.topic)];
  const partition = whole("--partition", options.partition, null);
  const from = whole("--from", options.from, 0) as number;
  const limit = whole("--limit", options.limit, DEFAULT_LIMIT) as number;
  const atUs = options.at === undefined ? null : timeOf("--at", options.at);
  const starts = new Map<string, number>();
  for (const range of await log.partitions()) {
    const key = `${range.topic}/${range.partition}`;
    const after = atUs === null ? 0 : await log.offsetAt(range.topic, range.partition, atUs);
    const hidden = partition !== null && range.partition !== partition;
    starts.set(key, hidden ? Number.POSITIVE_INFINITY : Math.max(range.start, from, after));
  }
  const instruments = await instrumentsOf(log);
  const money = view.manifest === null ? 0 : accountOf(view.manifest).currencyScale;
  const idOf = idsOf(view);
  let shown = 0;
  const range = (topic: TopicName, of: number) => {
    const fromOffset = starts.get(`${topic}/${of}`) ?? 0;
    return Number.isFinite(fromOffset) ? { fromOffset } : { toOffset: 0 };
  };
  for await (const chunk of mergeTopics(log, topics, range)) {
    for (const event of chunk) {
      if (shown++ >= limit) return;
      write(
        json ? `${eventJson(event, await idOf(event))}\n` : eventLine(event, instruments, money),
      );
    }
  }
  if (shown === 0 && !json) write("no events there\n");
}

const eventLine = (
  event: AnyEvent,
  instruments: ReadonlyMap<string, Instrument>,
  money: number,
): string =>
  `${formatIsoUs(event.timeUs)}  ${positionText(event)}  ${valueText(event, instruments, money)}\n`;

async function instrumentsOf(log: EventLog): Promise<ReadonlyMap<string, Instrument>> {
  const known = new Map<string, Instrument>();
  for await (const chunk of mergeTopics(log, ["market.instruments"])) {
    for (const { value } of chunk as readonly { readonly value: Instrument }[]) {
      known.set(value.symbol, value);
    }
  }
  return known;
}

async function showWalk(walk: Walk, view: View, at: string, json: boolean): Promise<void> {
  const explanation = await walk.ask(view.log, positionOf("position", at));
  if (json) {
    write(`${JSON.stringify(await explanationJson(explanation, idsOf(view)))}\n`);
    return;
  }
  const instruments = await instrumentsOf(view.log);
  const money = view.manifest === null ? 0 : accountOf(view.manifest).currencyScale;
  const tell = ({ link, event, because, span }: Explanation, indent: string): void => {
    const head = link === "" ? "" : `${link}: `;
    write(`${indent}${head}${positionText(event)}  ${formatIsoUs(event.timeUs)}\n`);
    write(`${indent}    ${valueText(event, instruments, money)}\n`);
    if (span !== null) {
      write(
        `${indent}    built from ${positionText(span.from)} up to offset ${span.toOffset - 1}\n`,
      );
    }
    for (const reason of because) tell(reason, `${indent}  `);
  };
  tell(explanation, "");
}

type IdOf = (event: AnyEvent) => Promise<EventId | null>;

/** null where a cause lies on a tape that is gone. */
function idsOf({ log, manifest, missing }: View): IdOf {
  if (missing !== null) return async () => null;
  return eventIds(log, producersIn(manifest?.topology ?? ""));
}

async function explanationJson(
  { link, event, because, span }: Explanation,
  idOf: IdOf,
): Promise<unknown> {
  const reasons: unknown[] = [];
  for (const reason of because) reasons.push(await explanationJson(reason, idOf));
  const told = JSON.parse(eventJson(event, await idOf(event))) as unknown;
  return { link, event: told, span, because: reasons };
}

async function showAnswer(
  name: string,
  { log, manifest, order, path }: View,
  { at }: Options,
  json: boolean,
): Promise<void> {
  if (manifest === null) throw wrong("run", path, "a tape holds no decisions: name a run");
  const answer = answersOf(accountOf(manifest)).find((one) => one.projection.name === name);
  if (answer === undefined) throw wrong("question", name, "it is not registered");
  const until = at === undefined ? {} : { until: untilOf(at) };
  const projected = await projectAt(log, answer.projection, { ...until, order });
  const rows = answer.rows(projected.state);
  const { events, lastUs, consumed } = projected;
  const asOf = lastUs === null ? null : formatIsoUs(lastUs);
  if (json) writeJson({ question: name, run: manifest.runId, asOf, events, consumed, rows });
  else write(`${tableText(rows, "nothing")}\nafter ${events} events, the last at ${asOf ?? "–"}\n`);
}

const untilOf = (text: string): Until =>
  text.includes("/") ? { position: positionOf("--at", text) } : { timeUs: timeOf("--at", text) };

function positionOf(option: string, text: string): Position {
  const [topic = "", partition = "", offset = ""] = text.split("/");
  if (!/^\d{1,9}$/.test(partition) || !/^\d{1,15}$/.test(offset) || text.split("/").length !== 3) {
    throw wrong(option, text, "give topic/partition/offset, such as fills/0/12");
  }
  return { topic: topicOf(topic), partition: Number(partition), offset: Number(offset) };
}

function topicOf(name: string): TopicName {
  if (isTopicName(name)) return name;
  throw new TapedeckError("STREAMS_TOPIC_UNKNOWN", `there is no topic ${name}`, { topic: name });
}

function timeOf(option: string, text: string): number {
  const timeUs = parseIsoUs(text);
  if (timeUs !== null) return timeUs;
  throw wrong(option, text, "give a time such as 2013-10-07T13:30:00Z");
}

function whole(option: string, text: string | undefined, otherwise: number | null): number | null {
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw wrong(option, text, "give a whole number");
}

const wrong = (option: string, text: string, why: string): TapedeckError =>
  new TapedeckError("INSPECT_ARGUMENT_INVALID", `${option} is ${text}: ${why}`, { option, text });

const help = `
Examples:
  $ tapedeck inspect runs
  $ tapedeck inspect topics latest
  $ tapedeck inspect events latest --topic fills --limit 5
  $ tapedeck inspect positions latest --at 2013-10-07T15:00:00Z
  $ tapedeck inspect cash-ledger latest --at fills/0/12
  $ tapedeck inspect lineage latest fills/0/12      why this fill happened
  $ tapedeck inspect topology latest --mermaid

Exit codes: 0 shown · 2 no such run, tape, topic or option · 3 no such offset · 4 the log is damaged`;
