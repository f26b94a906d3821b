// tapedeck record: topics from Kafka into a tape on disk.

import { join } from "node:path";
import { Command } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { StopSignal } from "../../streams/followers.ts";
import type { EventLog } from "../../streams/log.ts";
import { type TapeFolder, tapeFolder } from "../import/tape-folder.ts";
import { openKafka } from "../kafka/session.ts";
import { namespaceOf } from "../kafka/topics/names.ts";
import { type EmbeddedLog, openEmbeddedLog } from "../log/embedded-log.ts";
import { DEFAULT_ROOT, tapesOf } from "../run/run-folder.ts";
import { type Copied, copyTopics } from "../tape/copy-topics.ts";
import { chooseTopics, type TimeRange, topicRanges } from "../tape/topic-ranges.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { namesOption } from "./names-option.ts";
import { prefixOption } from "./namespace-options.ts";
import { grouped, progressLine } from "./progress.ts";
import { rangeOption } from "./range-option.ts";

interface Options {
  readonly prefix: string;
  readonly topics?: readonly string[];
  readonly all?: true;
  readonly range: TimeRange;
  readonly follow?: true;
  readonly cluster?: string;
  readonly root: string;
}

export function recordCommand(): Command {
  return new Command("record")
    .argument("<tape>", "name of the tape under <root>/tapes, or a folder by its path")
    .addOption(prefixOption("before every topic in the cluster, with its dot"))
    .addOption(namesOption("--topics <names>", "topics to record (default: the sources)"))
    .option("--all", "every topic: what the flow wrote too")
    .addOption(rangeOption("what is recorded"))
    .option("--follow", "go on as the topics grow, until Ctrl-C")
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--root <folder>", "where tapes are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (tape: string, options: Options, command: Command) => {
      refuseContradictions(options);
      const startedMs = performance.now();
      const path = /[\\/]|^\.+$/.test(tape) ? tape : join(tapesOf(options.root), tape);
      const session = await openKafka({ cluster: options.cluster });
      try {
        const from = session.log(namespaceOf(options.prefix).app, options.prefix);
        const copied = await record(from, path, options);
        const seconds = (performance.now() - startedMs) / 1000;
        const json = command.optsWithGlobals().json === true;
        process.stdout.write(
          json
            ? `${JSON.stringify({ tape: path, ...copied, seconds })}\n`
            : told(path, copied, seconds),
        );
        if (!copied.completed) process.exitCode = 130;
      } finally {
        await session.close();
      }
    });
}

function refuseContradictions({ topics, all, follow, range }: Options): void {
  const wrong =
    topics !== undefined && all === true
      ? "--all and --topics"
      : follow === true && range.toUs !== null
        ? "--follow and a --range that ends"
        : null;
  if (wrong === null) return;
  throw new TapedeckError("USAGE_INVALID", `${wrong} contradict each other`);
}

/** A tape that is followed is a tape at any time; any other is there whole, or not at all. */
async function record(from: EventLog, path: string, options: Options): Promise<Copied> {
  const folder = options.follow === true ? growingFolder(path) : tapeFolder(path);
  const signal = { aborted: false, onabort: null as (() => void) | null };
  const stop = stopOnInterrupt(() => {
    signal.aborted = true;
    signal.onabort?.();
  });
  const line = progressLine("recording", "events");
  try {
    const held = await from.partitions();
    const topics = chooseTopics(held, options.all === true ? "all" : (options.topics ?? null));
    const copied = await copyTopics({
      from,
      to: await folder.open(),
      ranges: await topicRanges(from, held, topics, options.range),
      createTopics: true,
      ...(options.follow === true ? { follow: signal as StopSignal } : {}),
      stopRequested: () => options.follow !== true && stop.requested(),
      onProgress: ({ records, total, timeUs }) =>
        line.update(records, total, `  ${formatIsoUs(timeUs)}`),
    });
    await (copied.completed ? folder.keep() : folder.abandon());
    return copied;
  } catch (error) {
    await folder.abandon();
    throw error;
  } finally {
    line.end();
    stop.release();
  }
}

function growingFolder(path: string): TapeFolder {
  let log: EmbeddedLog | null = null;
  const close = async (): Promise<void> => log?.close();
  return {
    async open() {
      log = await openEmbeddedLog(path, { mode: "write" });
      return log;
    },
    keep: close,
    abandon: close,
  };
}

function told(
  path: string,
  { completed, records, resumed, timeUs }: Copied,
  seconds: number,
): string {
  if (!completed) return "stopped: nothing was kept; --follow keeps what there is\n";
  const recorded = records - resumed;
  const lines = [
    `recorded ${grouped(recorded)} events on ${path} in ${seconds.toFixed(1)} s (${grouped(recorded / seconds)}/s)`,
  ];
  if (recorded > 0) lines.push(`up to         ${formatIsoUs(timeUs)}`);
  if (resumed > 0) lines.push(`there before  ${grouped(resumed)} events, the same as the topics'`);
  return `${lines.join("\n")}\n`;
}

const help = `
Records the sources: instruments, ticks, quotes, operators' commands; bars where there are no ticks.
--all records what the flow wrote as well, as it is: its causes keep their places, so give no --range
with it if you want to follow them. Recorded again, a tape goes on where it ends, if it holds the same.

Exit codes: 0 recorded · 2 usage, or the tape holds something else · 4 Kafka or the disk · 130 stopped by
Ctrl-C (with --follow that is the end, and 0)

Examples:
  $ tapedeck record monday --range 2024-01-08..2024-01-09
  $ tapedeck record live --follow
  $ tapedeck record run --all --prefix run.3f2a9c0d11223344.`;
