// tapedeck config: what a configuration may say, and whether one says it right.

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parse } from "yaml";
import { TapedeckError } from "../../schemas/errors.ts";
import { defaultYaml } from "../config/default-config.ts";
import { loadConfig, parseOverride } from "../config/load-config.ts";
import { problemsOf } from "../config/problem.ts";
import type { RunConfig } from "../config/run-config.ts";

export function configCommand(): Command {
  const command = new Command("config").addHelpText(
    "after",
    `
Examples:
  $ tapedeck config default > my-run.yaml           every setting at its default, explained
  $ tapedeck config check my-run.yaml               every mistake at once, each with its line
  $ tapedeck config check my-run.yaml --set risk.maxDrawdown=0.01
  $ tapedeck config schema > tapedeck.schema.json   JSON schema, for an editor

Exit codes: 0 fit to run · 2 not`,
  );
  command
    .command("default")
    .description("print a commented configuration with every default")
    .action((_: unknown, self: Command) => {
      const json = self.optsWithGlobals().json === true;
      process.stdout.write(json ? `${JSON.stringify(parse(defaultYaml()))}\n` : defaultYaml());
    });
  command
    .command("schema")
    .description("print the JSON schema (draft 2020-12) that configurations are checked against")
    .action(() => void process.stdout.write(schemaText()));
  command
    .command("check")
    .description("check a configuration and its model without running anything")
    .argument("<file>", "the YAML file")
    .option("--set <key=value>", "change one setting; may be given several times", collect)
    .action(async (file: string, options: { set?: readonly string[] }, self: Command) => {
      const json = self.optsWithGlobals().json === true;
      try {
        const config = await loadConfig(file, (options.set ?? []).map(parseOverride));
        process.stdout.write(json ? `${JSON.stringify(fitJson(config))}\n` : fitText(file, config));
      } catch (error) {
        if (!json || !(error instanceof TapedeckError) || error.exit !== 2) throw error;
        process.stdout.write(`${JSON.stringify(unfitJson(error))}\n`);
        process.exitCode = error.exit;
      }
    });
  return command;
}

/** Gathers an option that may be given again. */
const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [
  ...earlier,
  value,
];

const schemaText = (): string =>
  readFileSync(new URL("../config/tapedeck.schema.json", import.meta.url), "utf8");

function fitText(file: string, { flow, model, tape, seed, partitions }: RunConfig): string {
  const types = model.typeCheck === null ? "built in" : model.typeCheck;
  return [
    `${file}: fit to run`,
    `  tape       ${tape}`,
    `  model      ${flow.model.name} version ${flow.model.version} (${types})`,
    `  seed       ${seed}, partitions ${partitions}`,
    "",
  ].join("\n");
}

function fitJson({ model, tape, canonical }: RunConfig): unknown {
  const { digest, source, typeCheck } = model;
  const { name, version } = model.model;
  return {
    fit: true,
    tape,
    settings: canonical,
    model: { name, version, digest, source, typeCheck },
  };
}

function unfitJson(error: TapedeckError): unknown {
  const { code, message, next, facts } = error;
  return { fit: false, error: { code, message, next, facts }, problems: problemsOf(error) };
}
