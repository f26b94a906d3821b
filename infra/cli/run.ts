// tapedeck run: serve a flow live on Kafka, until it is stopped.

import { Command, InvalidArgumentError, Option } from "commander";
import { parseDurationUs } from "../config/duration.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import type { RunConfig } from "../config/run-config.ts";
import { runInstances } from "../kafka/service/instances.ts";
import { latchCheck } from "../kafka/service/latch-file.ts";
import { planLive, recordLive } from "../kafka/service/live-run.ts";
import { startLive } from "../kafka/service/start-live.ts";
import { openKafka } from "../kafka/session.ts";
import { namespaceOf } from "../kafka/topics/names.ts";
import { asksPool, liveAnswers, threadPool } from "../run/live-answers.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { appOption, prefixOption } from "./namespace-options.ts";
import { wholeNumber } from "./number-option.ts";
import { setOption } from "./set-option.ts";

interface Options {
  readonly log: "kafka";
  readonly set?: readonly Override[];
  readonly only: readonly string[];
  readonly isolate: readonly string[];
  readonly instances: number;
  readonly workers: number;
  readonly app?: string;
  readonly prefix: string;
  readonly cluster?: string;
  readonly root: string;
  readonly state?: string;
  readonly wait: number;
  readonly answerWait: number;
  readonly linger: number;
  readonly drain: number;
  readonly session: number;
  readonly metrics: number;
  readonly metricsHost: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFile?: string;
}

export function runCommand(): Command {
  return new Command("run")
    .argument("<config>", "configuration file (YAML): the flow; its tape and range are not read")
    .addOption(new Option("--log <log>", "where the tape is").choices(["kafka"]).default("kafka"))
    .addOption(setOption("change one setting"))
    .addOption(listOption("--only <names>", "serve the groups that these processors are in", "all"))
    .addOption(listOption("--isolate <names>", "processors that each run alone", "none"))
    .option("--instances <n>", "processes on this machine", wholeNumber(1, 64), 1)
    .option(
      "--workers <threads>",
      "threads that solve the optimiser's problems, in the instance that has its task",
      wholeNumber(1, 64),
      1,
    )
    .addOption(
      appOption("begins groups, transactional ids, changelogs (default: --prefix, or tapedeck)"),
    )
    .addOption(prefixOption("before every topic, with its dot"))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--root <folder>", "where the run is written down", DEFAULT_ROOT)
    .option("--state <folder>", "local caches of state (default: <root>/state)")
    .addOption(
      timeOption(
        "--wait <time>",
        "how long an event waits for inputs with nothing to offer",
        "20ms",
      ),
    )
    .addOption(
      timeOption(
        "--answer-wait <time>",
        "how long the book waits for an answer that takes longer than its latency",
        "1s",
      ),
    )
    .addOption(
      timeOption("--linger <time>", "how long what was done waits for more to commit", "5ms"),
    )
    .addOption(timeOption("--drain <time>", "how long a stop waits for what is under way", "10s"))
    .addOption(
      timeOption("--session <time>", "after so long without a word an instance is given up", "10s"),
    )
    .option(
      "--metrics <port>",
      "of /metrics, /healthz, /readyz; 0: any",
      wholeNumber(0, 65_535),
      9464,
    )
    .option("--metrics-host <address>", "who may ask: 0.0.0.0 for all", "127.0.0.1")
    .addOption(
      new Option("--log-level <level>").choices(["debug", "info", "warn", "error"]).default("info"),
    )
    .option("--log-file <file>", "append the log there (default: stderr)")
    .addHelpText("after", help)
    .action(async (path: string, options: Options) => {
      const config = await loadConfig(path, options.set ?? []);
      if (options.instances > 1)
        process.exitCode = await runInstances(options.instances, options.metrics);
      else await serve(config, options);
    });
}

async function serve(config: RunConfig, options: Options): Promise<void> {
  const { isolate, root } = options;
  const { app, prefix } = namespaceOf(options.prefix, options.app);
  const session = await openKafka({ cluster: options.cluster });
  const answers = asksPool(config.flow) ? liveAnswers(threadPool(options.workers)) : null;
  try {
    const partitionsOf = (topic: string) => session.connection.partitionsOf(topic);
    const run = await planLive(config, { app, prefix }, isolate, partitionsOf, answers?.answer);
    latchCheck(root, app)();
    const log = session.log(app, prefix);
    await recordLive(run, root, options.only, (task) => log.requireSame(task, run.digest));
    await startLive({
      run,
      session,
      only: options.only,
      settings: {
        waitUs: options.wait,
        lagWaitUs: LAG_WAIT_US,
        answerWaitUs: options.answerWait,
        lingerMs: options.linger / 1000,
        maxEvents: MAX_EVENTS,
      },
      answers,
      stateDir: options.state ?? `${root}/state`,
      root,
      sessionTimeoutMs: options.session / 1000,
      drainMs: options.drain / 1000,
      metrics: { host: options.metricsHost, port: options.metrics },
      logs: { level: options.logLevel, file: options.logFile ?? null },
    });
  } finally {
    await answers?.close();
    await session.close();
  }
}

const LAG_WAIT_US = 10_000_000;
const MAX_EVENTS = 20_000;

const listOption = (flags: string, about: string, unset: string): Option =>
  new Option(flags, `${about}; comma between`).argParser(list).default([], unset);

const timeOption = (flags: string, about: string, value: string): Option =>
  new Option(flags, about).argParser(time).default(time(value), value);

const list = (value: string): readonly string[] => value.split(",").map((part) => part.trim());

function time(text: string): number {
  const us = parseDurationUs(text);
  if (us === null) throw new InvalidArgumentError("write a time such as 20ms, 5s, 1m");
  return us;
}

const help = `
The topics and schemas must be there: tapedeck schemas publish, tapedeck topics apply. Instances of one
--app share its tasks, on any number of machines; one that dies is replaced by the others. An
application that ran with other settings, another model or other code is refused, from whatever --root:
give it topics of its own (a new --prefix, which names it too), or run it as a shadow.

SIGTERM and Ctrl-C commit what is under way (at most --drain), hand the tasks over and end with 0.

Exit codes: 0 stopped · 2 configuration, topics or versions · 4 Kafka or the registry · 5 a processor
or model failed

Examples:
  $ npm run kafka -- up
  $ tapedeck schemas publish && tapedeck topics apply --config ema.yaml --yes
  $ tapedeck run ema.yaml --log kafka
  $ tapedeck run ema.yaml --only risk-gate --isolate risk-gate --metrics 9465
  $ tapedeck run ema.yaml --instances 4 --set partitions=8
  $ tapedeck verify --live tapedeck                replay what ran and compare every byte`;
