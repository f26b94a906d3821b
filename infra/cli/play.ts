// tapedeck play: a tape's source topics onto Kafka, at the pace of their event times.

import { Command, InvalidArgumentError } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { openKafka } from "../kafka/session.ts";
import { namespaceOf } from "../kafka/topics/names.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { tapePath } from "../run/run-view.ts";
import { type Copied, copyTopics } from "../tape/copy-topics.ts";
import { Pace } from "../tape/pace.ts";
import { chooseTopics, type TimeRange, topicRanges } from "../tape/topic-ranges.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { namesOption } from "./names-option.ts";
import { appOption, prefixOption } from "./namespace-options.ts";
import { grouped, progressLine } from "./progress.ts";
import { rangeOption } from "./range-option.ts";

interface Options {
  /** Infinity: as fast as it goes. */
  readonly speed: number;
  readonly prefix: string;
  readonly topics?: readonly string[];
  readonly range: TimeRange;
  readonly app?: string;
  readonly cluster?: string;
  readonly createTopics?: true;
  readonly root: string;
}

export function playCommand(): Command {
  return new Command("play")
    .argument("<tape>", "name or folder of a tape")
    .option("--speed <speed>", "1x, 10x, 0.5x: seconds of the market in a second; max", speed, 1)
    .addOption(prefixOption("before every topic in the cluster, with its dot"))
    .addOption(namesOption("--topics <names>", "topics to play (default: the sources)"))
    .addOption(rangeOption("what is played"))
    .addOption(appOption("begins the feed's transactional id (default: tapedeck)"))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--create-topics", "make the topics that are missing, with the tape's partitions")
    .option("--root <folder>", "where tapes are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (tape: string, options: Options, command: Command) => {
      const startedMs = performance.now();
      const copied = await play(tape, options);
      const seconds = (performance.now() - startedMs) / 1000;
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(
        json ? `${JSON.stringify({ ...copied, seconds })}\n` : told(copied, seconds),
      );
      if (!copied.completed) process.exitCode = 130;
    });
}

async function play(tape: string, options: Options): Promise<Copied> {
  const folder = tapePath(tape, options.root);
  if (folder === null) {
    throw new TapedeckError("TAPE_UNKNOWN", `there is no tape ${tape}`, { tape });
  }
  const from = await openEmbeddedLog(folder, { mode: "read" });
  const line = progressLine("playing", "events");
  const stop = stopOnInterrupt();
  try {
    const session = await openKafka({ cluster: options.cluster });
    const { app } = namespaceOf(options.prefix, options.app);
    // An operator may redrive letters into the same topics.
    const to = session.log(`${app}.feed`, options.prefix, true);
    try {
      const held = await from.partitions();
      const topics = chooseTopics(held, options.topics ?? null);
      return await copyTopics({
        from,
        to,
        toPrefix: options.prefix,
        ranges: await topicRanges(from, held, topics, options.range),
        createTopics: options.createTopics === true,
        ...(Number.isFinite(options.speed) ? { pace: new Pace(options.speed) } : {}),
        stopRequested: stop.requested,
        onProgress: ({ records, total, timeUs, lateMs }) =>
          line.update(records, total, `  ${formatIsoUs(timeUs)}  ${grouped(lateMs)} ms late`),
      });
    } finally {
      await to.close();
      await session.close();
    }
  } finally {
    stop.release();
    line.end();
    await from.close();
  }
}

function told(
  { completed, records, resumed, timeUs, mostLateMs, recoveries }: Copied,
  seconds: number,
) {
  const played = records - resumed;
  const lines = [
    `${completed ? "played" : "stopped: played"} ${grouped(played)} events in ${seconds.toFixed(1)} s (${grouped(played / seconds)}/s)`,
  ];
  if (played > 0) lines.push(`up to         ${formatIsoUs(timeUs)}`);
  if (resumed > 0) lines.push(`there before  ${grouped(resumed)} events, the same as the tape's`);
  if (mostLateMs > 0)
    lines.push(`at most late  ${grouped(mostLateMs)} ms after their time, durable`);
  if (recoveries > 0) lines.push(`went on       ${recoveries} times after the cluster failed it`);
  if (!completed) lines.push("the same command goes on from there");
  return `${lines.join("\n")}\n`;
}

function speed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const value = /^\d+(\.\d+)?x$/.test(text) ? Number(text.slice(0, -1)) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError("write 1x, 10x, 0.5x, or max");
}

const help = `
Plays the market as the world said it: instruments, ticks, quotes, operators' commands; bars where the
tape has no ticks. Played again, it makes sure that the topics hold the same, and goes on where they
end: after Ctrl-C, kill -9 or a broker's restart. Topics must have the tape's number of partitions.

Exit codes: 0 played · 2 usage, or the topics hold something else · 4 Kafka, or another process plays
there too · 130 stopped by Ctrl-C, to be gone on with by the same command

Examples:
  $ tapedeck play demo-seed-7-days-20 --speed max --create-topics
  $ tapedeck play .tapedeck/tapes/mine --speed 10x --range 2024-01-02T15:00:00Z..
  $ tapedeck play mine --prefix test.mine. --topics market.instruments,market.ticks`;
