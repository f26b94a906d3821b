// tapedeck shadow: a candidate follows a live flow, orders nothing, and every difference is told.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { parseDurationUs } from "../config/duration.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import { planLive, readLive } from "../kafka/service/live-run.ts";
import { openKafka } from "../kafka/session.ts";
import { isName } from "../kafka/topics/names.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { reportJson, type ShadowReport } from "../shadow/shadow-data.ts";
import { planShadow } from "../shadow/shadow-plan.ts";
import { jsonBeside, startShadow } from "../shadow/start-shadow.ts";
import { appOption, prefixOption } from "./namespace-options.ts";
import { wholeNumber } from "./number-option.ts";
import { grouped } from "./progress.ts";
import { setOption } from "./set-option.ts";
import { tableText } from "./table.ts";

interface Options {
  readonly candidate: string;
  readonly set?: readonly Override[];
  readonly name: string;
  readonly app: string;
  readonly live?: string;
  readonly isolate: readonly string[];
  readonly prefix: string;
  readonly cluster?: string;
  readonly root: string;
  readonly createTopics?: true;
  readonly fromLive?: true;
  readonly untilCaughtUp?: true;
  readonly report?: string;
  readonly poll: number;
  readonly metrics?: number;
  readonly metricsHost: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFile?: string;
}

export function shadowCommand(): Command {
  return new Command("shadow")
    .requiredOption("--candidate <config>", "configuration of the candidate (YAML)")
    .addOption(setOption("change one setting of it"))
    .option("--name <name>", "of the shadow: its topics are shadow.<name>.…", name, "candidate")
    .addOption(appOption("the live run to follow", "tapedeck"))
    .option("--live <config>", "what runs live (default: as `tapedeck run` wrote it down)")
    .addOption(
      new Option("--isolate <names>", "with --live: as it was given to `tapedeck run`")
        .argParser(list)
        .default([], "none"),
    )
    .addOption(prefixOption("with --live: before every live topic, with its dot"))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--root <folder>", "where runs and shadows are written down", DEFAULT_ROOT)
    .option("--create-topics", "make the shadow's own topics where they are missing")
    .option("--from-live", "a new shadow begins where live is, without state (default: all of it)")
    .option("--until-caught-up", "end once all is followed that live had done at the start")
    .option("--report <file>", "write the page there, its data beside it as JSON")
    .addOption(
      new Option("--poll <time>", "pause between two looks at live")
        .argParser(time)
        .default(time("250ms"), "250ms"),
    )
    .option("--metrics <port>", "serve /metrics, /healthz, /readyz; 0: any", wholeNumber(0, 65_535))
    .option("--metrics-host <address>", "who may ask: 0.0.0.0 for all", "127.0.0.1")
    .addOption(
      new Option("--log-level <level>").choices(["debug", "info", "warn", "error"]).default("info"),
    )
    .option("--log-file <file>", "append the log there (default: stderr)")
    .addHelpText("after", help)
    .action(async (options: Options, command: Command) => {
      const report = await follow(options);
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(json ? reportJson(report) : asText(report, options));
      if (report.sameDecisions && report.first !== null) process.exitCode = 6;
    });
}

async function follow(options: Options): Promise<ShadowReport> {
  const { app, root } = options;
  const written = options.live === undefined ? readLive(root, app) : null;
  const candidate = await loadConfig(options.candidate, options.set ?? []);
  const live = await loadConfig(written?.configPath ?? (options.live as string));
  const session = await openKafka({ cluster: options.cluster });
  try {
    const partitionsOf = (topic: string) => session.connection.partitionsOf(topic);
    const prefix = written?.manifest.prefix ?? options.prefix;
    const isolate = written?.manifest.isolate ?? options.isolate;
    const run = await planLive(live, { app, prefix }, isolate, partitionsOf);
    const digest = written?.manifest.digest ?? null;
    return await startShadow({
      plan: await planShadow(options.name, run, digest, candidate, partitionsOf),
      session,
      root,
      createTopics: options.createTopics === true,
      fromLive: options.fromLive === true,
      untilCaughtUp: options.untilCaughtUp === true,
      reportPath: options.report ?? null,
      pollMs: options.poll / 1000,
      metrics:
        options.metrics === undefined ? null : { host: options.metricsHost, port: options.metrics },
      logs: { level: options.logLevel, file: options.logFile ?? null },
    });
  } finally {
    await session.close();
  }
}

function asText(report: ShadowReport, { report: path, root }: Options): string {
  const { topics, first, timeUs, sameDecisions, last, currency } = report;
  const sum = (of: (topic: (typeof topics)[number]) => number): number =>
    topics.reduce((all, topic) => all + of(topic), 0);
  const agreed = sum((topic) => topic.agreed);
  const parted = sum(({ differing, missing, extra }) => differing + missing + extra);
  const reach = timeUs === 0 ? "nothing" : `up to ${formatIsoUs(timeUs)}`;
  const lines = [
    agreed + parted === 0
      ? `nothing compared: neither live nor ${report.name} has decided anything in what was followed`
      : first === null
        ? `agreed: ${grouped(agreed)} events of ${report.name} are as live decided them`
        : `parted: ${grouped(parted)} of ${grouped(agreed + parted)} events of ${report.name} are not as live decided them`,
    `followed ${reach}; ${grouped(report.admissions.followed)} late events put where live let them in`,
    tableText(
      topics.map(({ topic, agreed: same, differing, missing, extra, fields }) => ({
        topic,
        agreed: same,
        differing,
        missing,
        extra,
        fields: fields
          .slice(0, 3)
          .map(({ field, events }) => `${field} ${events}`)
          .join(", "),
      })),
      "nothing to compare",
    ).trimEnd(),
  ];
  if (first !== null) {
    const [field] = first.fields;
    const what = field === undefined ? first.kind : `${first.kind}, ${field.field}`;
    lines.push(`first: ${first.topic} at ${formatIsoUs(first.timeUs)}: ${what}`);
  }
  if (last !== null) {
    lines.push(`equity ${currency}: live ${last.live.equity}, shadow ${last.shadow.equity}`);
  }
  if (!sameDecisions && report.changes.length === 0) {
    lines.push("no setting differs: the model or the code is another than what runs live");
  }
  if (path !== undefined) lines.push(`report ${path}, ${jsonBeside(path)}`);
  else if (existsSync(join(root, "shadow"))) lines.push("a page of it: --report shadow.html");
  return `${lines.join("\n")}\n`;
}

function name(value: string): string {
  if (isName(value)) return value;
  throw new TapedeckError("USAGE_INVALID", `--name is ${value}: letters, digits, - and .`);
}

const list = (value: string): readonly string[] => value.split(",").map((part) => part.trim());

function time(text: string): number {
  const us = parseDurationUs(text);
  if (us === null) throw new InvalidArgumentError("write a time such as 250ms, 5s, 1m");
  return us;
}

const help = `
It reads the live topics, decides by the candidate, and writes to shadow.<name>. topics; it has no way to
order: \`tapedeck topics acl --shadow <name>\` prints what its principal may do. It goes only as far as
live has gone, and lets late events in where live let them in, so that with live's own configuration
every byte is the same. SIGTERM and Ctrl-C commit what is under way; started again, it goes on.

Exit codes: 0 stopped, or caught up · 2 configuration or topics · 4 Kafka or the registry · 5 a processor
or model failed · 6 configuration, model and code are live's own, and something differs

Examples:
  $ tapedeck shadow --candidate new.yaml --name candidate-7 --create-topics --report shadow.html
  $ tapedeck shadow --candidate ema.yaml --name proof --create-topics --until-caught-up
  $ tapedeck shadow --candidate ema.yaml --set risk.maxDrawdown=0.05 --name tight --metrics 9465`;
