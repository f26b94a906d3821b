#!/usr/bin/env node
// `npm run kafka -- up|down|status|logs`: a real Kafka and a schema registry for a developer, without
// Docker. Promises: results on stdout, progress and errors on stderr; an error is its code, what
// happened and what to do.

import { Command, CommanderError, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { reportFailure } from "../cli/failure.ts";
import { down, type Health, status, up } from "./developer-servers.ts";
import { type DeveloperState, readState } from "./developer-state.ts";
import { followLogs, lastLines } from "./log-files.ts";

const NOT_UP = 4;

const program = new Command("npm run -s kafka --")
  .description("A real Kafka and a schema registry on this machine, without Docker.")
  .option("--json", "print one JSON object instead of text")
  .configureOutput({ outputError: () => undefined })
  .exitOverride()
  .addHelpText(
    "after",
    `
The first start loads Kafka and the registry from Maven Central (265 MB) to ~/.cache/tapedeck;
TAPEDECK_CACHE names another folder. It takes Java 17 or later (TAPEDECK_JAVA names one), and Maven
for the first start.

Examples:
  $ npm run -s kafka -- up                 one broker and a registry, at 9092 and 8081 where free
  $ npm run -s kafka -- up --brokers 3     three brokers: what is written lies on three, on two at least
  $ npm run -s kafka -- status
  $ npm run -s kafka -- logs -f broker-1
  $ npm run -s kafka -- down               ends all and removes its data

Exit codes: 0 done · 2 usage, or no Java or Maven · 4 not up, or it could not be started`,
  );

program
  .command("up")
  .description(
    "Starts brokers and registry in the background, or what of them has died, and waits.",
  )
  .addOption(new Option("--brokers <count>", "1 (the default) or 3").choices(["1", "3"]))
  .option("--registry", "with a schema registry (the default)", true)
  .option("--no-registry", "brokers only")
  .action(async (options: { brokers?: "1" | "3"; registry: boolean }) => {
    const brokers = options.brokers === undefined ? null : (Number(options.brokers) as 1 | 3);
    const { state, started } = await up({ brokers, registry: options.registry }, tell);
    print({ ...plain(state), started }, upText(state, started));
  });

program
  .command("down")
  .description("Ends brokers and registry and removes their data.")
  .action(async () => {
    const ended = await down();
    print({ ended }, ended.length === 0 ? "nothing is up\n" : `ended ${ended.join(", ")}\n`);
  });

program
  .command("status")
  .description("Says which servers run and answer; exit code 4 where one does not.")
  .action(async () => {
    const health = await status();
    const isUp = health?.every(({ state }) => state === "up") ?? false;
    const servers = (health ?? []).map(({ server, state }) => ({
      name: server.name,
      state,
      address: server.address,
      pid: server.process.pid,
      logFile: server.logFile,
    }));
    print({ up: isUp, servers }, statusText(health));
    if (!isUp) process.exitCode = NOT_UP;
  });

program
  .command("logs")
  .description("Shows the end of the servers' logs.")
  .argument("[server]", "broker-1, broker-2, broker-3 or registry; all where left out")
  .option("-f, --follow", "go on with what is written from now on")
  .option("-n, --lines <count>", "lines of each log", "50")
  .action(async (name: string | undefined, options: { follow?: boolean; lines: string }) => {
    const servers = (readState()?.servers ?? []).filter(
      (server) => name === undefined || server.name === name,
    );
    if (servers.length === 0) {
      throw new TapedeckError("USAGE_INVALID", `${name ?? "no server"}: no log of it is here`);
    }
    const count = Number(options.lines);
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new TapedeckError("USAGE_INVALID", `--lines ${options.lines}: give a whole number`);
    }
    const files = servers.map(({ name: of, logFile }) => ({ name: of, path: logFile }));
    for (const file of files) process.stdout.write(lastLines(file, count, files.length > 1));
    if (options.follow === true) await followLogs(files, (text) => process.stdout.write(text));
  });

const json = (): boolean => program.opts<{ json?: boolean }>().json === true;
const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const print = (value: object, text: string): void => {
  process.stdout.write(json() ? `${JSON.stringify(value)}\n` : text);
};

const plain = ({ brokers, registry, pids, dataDir }: DeveloperState) => ({
  brokers,
  registry,
  pids,
  dataDir,
});

function upText(state: DeveloperState, started: readonly string[]): string {
  const { brokers, registry } = state;
  return `${started.length === 0 ? "all was up already\n" : ""}brokers   ${brokers.join(", ")}
registry  ${registry ?? "none"}

Every command finds them here. Elsewhere:
  export TAPEDECK_KAFKA=${brokers.join(",")}${registry === null ? "" : ` TAPEDECK_REGISTRY=${registry}`}
Next:
  npm run -s tapedeck -- demo --log kafka
  npm run -s kafka -- status | logs -f | down
`;
}

function statusText(health: readonly Health[] | null): string {
  if (health === null) return "nothing is up: `npm run kafka -- up`\n";
  const lines = health.map(
    ({ server: { name, address, process: owner }, state }) =>
      `${name.padEnd(10)}${state.padEnd(8)}${address}  (pid ${owner.pid})\n`,
  );
  const isDead = health.some(({ state }) => state === "dead");
  return lines.join("") + (isDead ? "→ `npm run kafka -- up` starts again what is dead\n" : "");
}

for (const command of program.commands) command.copyInheritedSettings(program);
try {
  if (process.argv.length < 3) program.help();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else {
    const failure =
      error instanceof CommanderError
        ? new TapedeckError("USAGE_INVALID", error.message.replace(/^error: /, ""))
        : error;
    process.exitCode = reportFailure(failure, process.argv.includes("--json"));
  }
}
