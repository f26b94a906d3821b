// tapedeck dlq: what could not be used, why, and on its way again.

import { Command, InvalidArgumentError } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { isTopicName, topicNames } from "../../streams/catalogue.ts";
import { loadFix } from "../dlq/fix-file.ts";
import { letterText, viewLetter } from "../dlq/letter-text.ts";
import {
  LETTERS,
  type Letter,
  type LetterFilter,
  matches,
  messageOf,
  readLetter,
  readLetters,
} from "../dlq/letters.ts";
import type { Decision } from "../kafka/dlq/decide.ts";
import { Ledger, operatorOf } from "../kafka/dlq/ledger.ts";
import { mayRedrive, type Redriven, redrive } from "../kafka/dlq/redrive.ts";
import { type WholeLetter, wholeLetter } from "../kafka/dlq/whole-letter.ts";
import type { KafkaLog } from "../kafka/log/kafka-log.ts";
import { type KafkaSession, openKafka } from "../kafka/session.ts";
import { namespaceOf } from "../kafka/topics/names.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { openView } from "../run/run-view.ts";
import { appOption, prefixOption } from "./namespace-options.ts";
import { tableText } from "./table.ts";

/** Letters are left that were asked for. */
const EXIT_LEFT = 7;

interface ClusterOptions {
  readonly prefix: string;
  readonly app?: string;
  readonly cluster?: string;
}

interface WhereOptions extends ClusterOptions {
  readonly run?: string;
  readonly root: string;
}

interface FilterOptions {
  readonly topic?: string;
  readonly code?: string;
  readonly key?: string;
  readonly since?: number;
}

type ListOptions = WhereOptions & FilterOptions;
type ShowOptions = WhereOptions & { readonly raw?: true };

interface RedriveOptions extends ClusterOptions, FilterOptions {
  readonly all?: true;
  readonly fix?: string;
  readonly dryRun?: true;
}

export function dlqCommand(): Command {
  const command = new Command("dlq").addHelpText("after", help);
  whereOptions(filterOptions(command.command("list")))
    .description("dead letters with where they are from, why, and what became of them")
    .action((options: ListOptions, self: Command) => list(options, isJson(self)));
  whereOptions(command.command("show").argument("<id>", ID))
    .description("all of one letter: headers, key, value, the byte where it fails, what to do")
    .option("--raw", "write the message's value (of an event its Avro), and nothing else")
    .action((id: string, options: ShowOptions, self: Command) => show(id, options, isJson(self)));
  clusterOptions(filterOptions(command.command("redrive").argument("[ids...]", ID)))
    .description("send letters again, in the order of their keys, after what was wrong was mended")
    .option("--all", "every open letter about a message")
    .option("--fix <file>", "TypeScript file whose default export makes the event: a DeadLetterFix")
    .option("--dry-run", "say what would be done, and do nothing")
    .action((ids: readonly string[], options: RedriveOptions, self: Command) =>
      redriveLetters(ids, options, isJson(self)),
    );
  return command;
}

const ID = "letter as `dlq list` shows it: partition/offset, such as 0/17";

const filterOptions = (command: Command): Command =>
  command
    .option("--topic <topic>", "of messages and events of this topic only", topic)
    .option("--code <code>", "with this reason only")
    .option("--key <key>", "with this key only")
    .option("--since <time>", "from this event time on, ISO 8601", time);

const clusterOptions = (command: Command): Command =>
  command
    .addOption(prefixOption("before every topic in the cluster, with its dot"))
    .addOption(appOption("the flow's application (default: tapedeck)"))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md");

const whereOptions = (command: Command): Command =>
  clusterOptions(command)
    .option("--run <run>", "of a run, or of a tape, on disk instead of Kafka")
    .option("--root <folder>", "where runs and tapes are kept", DEFAULT_ROOT);

function topic(text: string): string {
  if (isTopicName(text)) return text;
  throw new InvalidArgumentError(`the catalogue has ${topicNames.join(", ")}`);
}

function time(text: string): number {
  const us = parseIsoUs(text);
  if (us === null) throw new InvalidArgumentError("write a time such as 2024-01-02T14:30:00Z");
  return us;
}

const isJson = (command: Command): boolean => command.optsWithGlobals().json === true;

const write = (text: string | Uint8Array): void => void process.stdout.write(text);

const filterOf = ({ topic, code, key, since }: FilterOptions): LetterFilter => ({
  ...(topic === undefined ? {} : { topic }),
  ...(code === undefined ? {} : { code }),
  ...(key === undefined ? {} : { key }),
  ...(since === undefined ? {} : { sinceUs: since }),
});

/** Where letters are looked at. */
interface Place {
  readonly log: Parameters<typeof readLetters>[0];
  readonly stateOf: (letter: Letter) => string;
  readonly whole: (letter: Letter) => Promise<WholeLetter>;
}

/** Opens what is named, and closes it whatever happens. */
async function withPlace<T>(options: WhereOptions, use: (place: Place) => Promise<T>): Promise<T> {
  if (options.run !== undefined) {
    const { log } = await openView(options.run, options.root);
    const whole = async (letter: Letter) => ({ letter, message: messageOf(letter) });
    return use({ log, stateOf: () => "kept", whole }).finally(() => log.close());
  }
  return withKafka(options, async ({ connection }, app, live) => {
    const ledger = await Ledger.look(connection, app, options.prefix);
    return use({
      log: live,
      stateOf: (letter) => stateText(ledger, letter),
      whole: (letter) => wholeLetter(letter, live, connection),
    });
  });
}

async function withKafka<T>(
  { prefix, app: named, cluster }: ClusterOptions,
  use: (session: KafkaSession, app: string, live: KafkaLog) => Promise<T>,
): Promise<T> {
  const session = await openKafka({ cluster });
  const { app } = namespaceOf(prefix, named);
  const live = session.log(app, prefix);
  try {
    await requireLetters(session, prefix);
    return await use(session, app, live);
  } finally {
    await live.close();
    await session.close();
  }
}

/** Where no flow was ever, that there are no letters would be no answer. */
async function requireLetters({ connection }: KafkaSession, prefix: string): Promise<void> {
  const name = `${prefix}${LETTERS}`;
  if ((await connection.partitionsOf(name)) !== null) return;
  throw new TapedeckError("KAFKA_TOPIC_MISSING", `the cluster has no topic ${name}`, {
    topic: name,
  });
}

function stateText(ledger: Ledger, letter: Letter): string {
  const known = ledger.stateOf(letter);
  if (known === null) return "open";
  if (known.state === "redriven") return `redriven to ${known.to}`;
  return known.state === "dropped" ? `dropped: ${known.why}` : `held behind ${known.by}`;
}

function list(options: ListOptions, json: boolean): Promise<void> {
  const filter = filterOf(options);
  return withPlace(options, async ({ log, stateOf }) => {
    const letters: Letter[] = [];
    for await (const letter of readLetters(log)) if (matches(filter, letter)) letters.push(letter);
    const counts = new Map<string, number>();
    for (const { refused } of letters) {
      counts.set(refused.code, (counts.get(refused.code) ?? 0) + 1);
    }
    if (json) {
      const told = letters.map((letter) => letterJson(letter, stateOf(letter)));
      write(`${JSON.stringify({ letters: told, counts: Object.fromEntries(counts) })}\n`);
      return;
    }
    write(
      tableText(
        letters.map((letter) => rowOf(letter, stateOf(letter))),
        "no dead letters",
      ),
    );
    const byCode = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    if (byCode.length === 0) return;
    write(
      `\n${tableText(
        byCode.map(([code, count]) => ({ code, letters: count })),
        "",
      )}`,
    );
  });
}

const DETAIL_SHOWN = 60;

const rowOf = ({ id, timeUs, refused, key }: Letter, state: string) => ({
  id,
  time: formatIsoUs(timeUs),
  from: `${refused.origin}/${refused.partition}/${refused.position}`,
  code: refused.code,
  key: cut(key ?? "", 24),
  state,
  detail: cut(refused.detail, DETAIL_SHOWN),
});

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

function letterJson(letter: Letter, state: string): Readonly<Record<string, unknown>> {
  const { id, timeUs, cause, refused, key } = letter;
  const { raw, ...rest } = refused;
  return {
    id,
    time: formatIsoUs(timeUs),
    timeUs,
    cause,
    ...rest,
    rawBytes: raw.length,
    key,
    state,
  };
}

function show(id: string, options: ShowOptions, json: boolean): Promise<void> {
  return withPlace(options, async ({ log, stateOf, whole }) => {
    const { letter, message } = await whole(await letterAt(log, id));
    const view = viewLetter(letter, message, stateOf(letter));
    if (options.raw === true) return write(view.value ?? "");
    if (!json) return write(letterText(view));
    const { value, partial, next } = view;
    const headers = (message?.headers ?? []).map(({ key, value }) => ({ key, value: hex(value) }));
    const told = { ...letterJson(letter, view.state), headers, value: hex(value), partial, next };
    write(
      `${JSON.stringify(told, (_, one: unknown) =>
        typeof one === "bigint" ? String(one) : one instanceof Uint8Array ? hex(one) : one,
      )}\n`,
    );
  });
}

const hex = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString("hex");

function idOf(id: string): { readonly partition: number; readonly offset: number } {
  const found = /^(\d{1,9})\/(\d{1,15})$/.exec(id);
  if (found !== null) return { partition: Number(found[1]), offset: Number(found[2]) };
  throw new TapedeckError("DLQ_LETTER_UNKNOWN", `${id} is no id of a letter`, { id });
}

async function letterAt(log: Place["log"], id: string): Promise<Letter> {
  const { partition, offset } = idOf(id);
  try {
    return await readLetter(log, partition, offset);
  } catch (error) {
    const isUnknown =
      error instanceof TapedeckError && error.code === "STREAMS_OFFSET_OUT_OF_RANGE";
    if (!isUnknown) throw error;
    throw new TapedeckError("DLQ_LETTER_UNKNOWN", `there is no letter ${id}`, { id }, error);
  }
}

/** Throws where one of them is none that can be sent. */
async function requireOpen(ids: Iterable<string>, live: KafkaLog, ledger: Ledger): Promise<void> {
  for (const id of ids) {
    const letter = await letterAt(live, id);
    if (ledger.stateOf(letter)?.state !== "redriven") continue;
    const text = `letter ${id} is not open: ${stateText(ledger, letter)}`;
    throw new TapedeckError("DLQ_LETTER_UNKNOWN", text, { id });
  }
}

async function redriveLetters(
  ids: readonly string[],
  options: RedriveOptions,
  json: boolean,
): Promise<void> {
  const named = new Set(ids.map((id) => `${idOf(id).partition}/${idOf(id).offset}`));
  const filter = filterOf(options);
  const isAsked = options.all === true || Object.keys(filter).length > 0;
  if (isAsked === named.size > 0) {
    const what = isAsked ? "ids and a choice" : "nothing";
    const next = "ids, or --all, --topic, --code, --key, --since";
    throw new TapedeckError("USAGE_INVALID", `${what} was given: say which letters by ${next}`);
  }
  const fix = options.fix === undefined ? null : await loadFix(options.fix, process.cwd());
  await withKafka(options, async (session, app, live) => {
    const { prefix } = options;
    const operator = session.log(operatorOf(app), prefix, true);
    const selects = (letter: Letter): boolean => {
      if (!mayRedrive(letter)) return false;
      // An event that a processor refused has been read by others: that is for a person to decide.
      return isAsked ? letter.cause === null && matches(filter, letter) : named.has(letter.id);
    };
    try {
      const { connection, schemaIds } = session;
      await requireOpen(named, live, await Ledger.look(connection, app, prefix));
      const dryRun = options.dryRun === true;
      const common = { connection, schemaIds, live, operator, app, prefix, selects, dryRun };
      const takesBack = (letter: Letter) => !isAsked && selects(letter);
      const result = await redrive({ ...common, takesBack, fix: fix?.fix ?? null });
      if (fix !== null && !json) process.stderr.write(`fix ${fix.source}: ${fix.typeCheck}\n`);
      write(json ? resultJson(result) : resultText(result, dryRun));
      const isLeft = ({ action }: Decision) => action === "fail" || action === "hold";
      if (result.decisions.some(isLeft)) process.exitCode = EXIT_LEFT;
    } finally {
      await operator.close();
    }
  });
}

function resultText({ decisions, sent, conflicts }: Redriven, dryRun: boolean): string {
  const rows = decisions.map((decision) => {
    const { letter, action } = decision;
    const { origin, partition, position } = letter.refused;
    return {
      id: letter.id,
      from: `${origin}/${partition}/${position}`,
      key: cut(letter.key ?? "", 24),
      done: DONE[action][dryRun ? 0 : 1],
      what: cut(whatText(decision, sent), 100),
    };
  });
  const count = (action: Decision["action"]): string =>
    `${decisions.filter((one) => one.action === action).length} ${DONE[action][dryRun ? 0 : 1]}`;
  const again = conflicts > 0 ? `; another writer was first ${conflicts} times` : "";
  const sum = [count("send"), count("drop"), count("fail"), count("hold")].join(", ");
  return `${tableText(rows, "no open letter was meant")}\n${sum}${again}\n`;
}

const DONE: Readonly<Record<Decision["action"], readonly [plan: string, done: string]>> = {
  send: ["would be redriven", "redriven"],
  drop: ["would be dropped", "dropped"],
  fail: ["would stay", "still fails"],
  hold: ["would be held back", "held back"],
};

function whatText(decision: Decision, sent: ReadonlyMap<string, string>): string {
  if (decision.action === "send") {
    const { topic, key } = decision.event;
    return `to ${sent.get(decision.letter.id) ?? `${topic}, key ${key}`}`;
  }
  if (decision.action === "drop") return decision.why;
  if (decision.action === "hold") return `behind ${decision.by}, of the same key`;
  return `${decision.code}: ${decision.detail}`;
}

function resultJson({ decisions, sent, conflicts }: Redriven): string {
  const letters = decisions.map((decision) => ({
    id: decision.letter.id,
    action: decision.action,
    to: sent.get(decision.letter.id) ?? null,
    ...(decision.action === "drop" ? { why: decision.why } : {}),
    ...(decision.action === "hold" ? { by: decision.by } : {}),
    ...(decision.action === "fail" ? { code: decision.code, detail: decision.detail } : {}),
  }));
  return `${JSON.stringify({ letters, conflicts })}\n`;
}

const help = `
A letter is redriven once: list shows where to. Letters of one key go in their original order, so
behind one that still fails those of its key are held back; a fix that gives null drops one: it is
tried again only where it is named by its id.
--all, --topic, --code, --key and --since mean letters about messages. An event that a processor
refused has been read by the others of its topic: name it by its id to send it to all of them again.

Exit codes: 0 done · 2 usage, the fix, no such letter · 4 Kafka or the registry · 7 letters that were
meant are left

Examples:
  $ tapedeck dlq list --code WIRE_SCHEMA_FOREIGN
  $ tapedeck dlq show 0/17
  $ tapedeck dlq show 0/17 --raw > message.bin
  $ tapedeck dlq redrive --code WIRE_SCHEMA_FOREIGN --dry-run
  $ tapedeck dlq redrive --all --fix fix.ts
  $ tapedeck dlq list --run latest                letters of a backtest`;
