#!/usr/bin/env node
// The command line. Promises: --help answers at once (a command's code is loaded only when it is
// asked for); results on stdout, progress and errors on stderr; an error is its code, what
// happened and what to do, never a stack trace; the exit code says which kind it was; a reader that
// has seen enough (`| head`) ends the command quietly.

import { Command, CommanderError } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { reportFailure } from "./failure.ts";
import { packageVersion } from "./version.ts";

const commands: Readonly<Record<string, readonly [string, () => Promise<Command>]>> = {
  demo: [
    "simulate a market, trade it, prove the result: start here",
    async () => (await import("./demo.ts")).demoCommand(),
  ],
  simulate: [
    "write a seeded, simulated market to a tape",
    async () => (await import("./simulate.ts")).simulateCommand(),
  ],
  import: [
    "read CSV or Parquet ticks, quotes or bars into a tape",
    async () => (await import("./import.ts")).importCommand(),
  ],
  backtest: [
    "replay a tape through the flow that a configuration describes",
    async () => (await import("./backtest.ts")).backtestCommand(),
  ],
  play: [
    "play a tape onto Kafka, at the pace of its event times",
    async () => (await import("./play.ts")).playCommand(),
  ],
  record: [
    "copy topics from Kafka into a tape",
    async () => (await import("./record.ts")).recordCommand(),
  ],
  run: [
    "serve a flow live on Kafka, until it is stopped",
    async () => (await import("./run.ts")).runCommand(),
  ],
  command: [
    "halt, kill, flatten or enable a live flow; stop it by a file where nothing else works",
    async () => (await import("./command.ts")).commandCommand(),
  ],
  shadow: [
    "follow a live flow with a candidate, order nothing, tell every difference",
    async () => (await import("./shadow.ts")).shadowCommand(),
  ],
  verify: [
    "replay a run and compare every byte with what it recorded",
    async () => (await import("./verify.ts")).verifyCommand(),
  ],
  fork: [
    "what if: replay a run with other settings, from the start or from a time",
    async () => (await import("./fork.ts")).forkCommand(),
  ],
  sweep: [
    "try many settings over one tape, and say how much of the best is luck",
    async () => (await import("./sweep.ts")).sweepCommand(),
  ],
  "walk-forward": [
    "choose settings on one stretch of a tape, judge them on the next, go on",
    async () => (await import("./walk-forward.ts")).walkForwardCommand(),
  ],
  "pre-live": [
    "what there is to show of a strategy before real money follows it",
    async () => (await import("./pre-live.ts")).preLiveCommand(),
  ],
  compare: [
    "put runs side by side: settings that differ, measures with their intervals",
    async () => (await import("./compare.ts")).compareCommand(),
  ],
  report: [
    "make a run's report anew: against a benchmark, with its tables for other tools",
    async () => (await import("./report.ts")).reportCommand(),
  ],
  optimise: [
    "the best portfolio for a file of returns, with the proof that it is",
    async () => (await import("./optimise.ts")).optimiseCommand(),
  ],
  impact: [
    "what proposed weights would have done to what a run holds at its end",
    async () => (await import("./impact.ts")).impactCommand(),
  ],
  calendar: [
    "when markets are open: sessions, holidays and early closes of a year",
    async () => (await import("./calendar.ts")).calendarCommand(),
  ],
  inspect: [
    "look into tapes and runs: topics, events, topology, positions at any time",
    async () => (await import("./inspect.ts")).inspectCommand(),
  ],
  log: [
    "check, describe or repair an embedded log",
    async () => (await import("./log.ts")).logCommand(),
  ],
  topics: [
    "plan and make a flow's topics on Kafka; print who needs to be allowed what",
    async () => (await import("./topics.ts")).topicsCommand(),
  ],
  dlq: [
    "list what could not be used, show why, send it again after it was mended",
    async () => (await import("./dlq.ts")).dlqCommand(),
  ],
  config: [
    "print a default configuration, check one, show the schema",
    async () => (await import("./config.ts")).configCommand(),
  ],
  statement: [
    "what came into and went out of every account on a day, and what was held at its end",
    async () => (await import("./statement.ts")).statementCommand(),
  ],
  schemas: [
    "check our schemas against a schema registry, publish them, show what differs",
    async () => (await import("./schemas.ts")).schemasCommand(),
  ],
  doctor: [
    "check that this machine can run Tapedeck",
    async () => (await import("./doctor.ts")).doctorCommand(),
  ],
};

const epilogue = `
Examples:
  $ tapedeck demo                                  one command, no server: simulate, trade, prove
  $ tapedeck import bars.csv.gz --as bars --tape .tapedeck/tapes/mine
  $ tapedeck backtest my-run.yaml
  $ tapedeck verify latest                         replay it and compare byte by byte
  $ tapedeck fork latest --set risk.maxDrawdown=0.01

Exit codes: 0 done · 1 a bug in Tapedeck · 2 usage or configuration · 3 bad input · 4 the log or
the disk · 5 a processor or model failed · 6 a proof failed · 7 changes are pending (topics) · 130
stopped by Ctrl-C (resumable)`;

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("tapedeck")
    .description("Event-sourced stream processing for systematic trading.")
    .version(packageVersion(), "-V, --version")
    .option("--json", "print one JSON object (or JSON lines) instead of text")
    .addHelpText("after", epilogue)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  const wanted = argv.find((word) => Object.hasOwn(commands, word));
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const command = (name === wanted ? await load() : new Command(name)).summary(summary);
    if (command.description() === "") command.description(`${sentence(summary)}.`);
    inherit(program, command);
    program.addCommand(command);
  }
  if (wanted === undefined && argv.length === 0) program.help();
  await program.parseAsync(argv, { from: "user" });
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Commander hands its settings down to commands that it makes itself only. */
function inherit(from: Command, to: Command): void {
  to.copyInheritedSettings(from);
  for (const command of to.commands) inherit(to, command);
}

/** What Commander refused, as any other failure: it says so with exit code 1, help with 0. */
function usageError({ code, message }: CommanderError): TapedeckError {
  const what = code === "commander.help" ? "a command is missing" : message;
  return new TapedeckError("USAGE_INVALID", what.replace(/^error: /, ""));
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

const argv = process.argv.slice(2);
try {
  await main(argv);
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else {
    const failure = error instanceof CommanderError ? usageError(error) : error;
    process.exitCode = reportFailure(failure, argv.includes("--json"));
  }
}
