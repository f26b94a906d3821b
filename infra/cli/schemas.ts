// tapedeck schemas: our schemas against a schema registry. `check` and `diff` change nothing; `publish`
// is the only thing of ours that registers a schema, and it checks first.

import { Command, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { isTopicName, topicNames } from "../../streams/catalogue.ts";
import { loadCluster } from "../kafka/cluster/cluster-config.ts";
import { parseAvro } from "../kafka/registry/avro-model.ts";
import { type LocalSchema, readLocalSchemas } from "../kafka/registry/local-schemas.ts";
import {
  examine,
  incompatible,
  isPublishable,
  type Published,
  publish,
  type Standing,
} from "../kafka/registry/publication.ts";
import { openRegistry, type RegistryClient } from "../kafka/registry/registry-client.ts";
import { type Difference, differences } from "../kafka/registry/schema-diff.ts";
import { type RegistryAccess, registryAt, registryOf } from "../kafka/registry/settings.ts";
import { printable, tableText } from "./table.ts";

/** Somebody waits for the answer: less than a service has. */
const PATIENCE_MS = 5_000;

interface Options {
  readonly registry?: string;
  readonly cluster?: string;
  readonly prefix: string;
  readonly dryRun?: boolean;
}

/** What a subcommand found, as JSON and as text; and what it then fails with. */
interface Answer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly failure?: TapedeckError | null;
}

type Action = (
  client: RegistryClient,
  schemas: readonly LocalSchema[],
  options: Options,
) => Promise<Answer>;

export function schemasCommand(): Command {
  const publishing = action("publish", publishSummary, publishSchemas, publishHelp);
  return new Command("schemas")
    .addHelpText("after", schemasHelp)
    .addCommand(action("check", checkSummary, checkSchemas, checkHelp))
    .addCommand(publishing.option("--dry-run", "say what would be done, and do nothing"))
    .addCommand(action("diff", diffSummary, diffSchemas, diffHelp));
}

function action(name: string, summary: string, act: Action, help: string): Command {
  return (
    new Command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .argument("[topics...]", "topics of the catalogue; all of them where none is named")
      .option(
        "--registry <url>",
        "the registry, with the path of its Confluent-compatible interface",
      )
      .option("--cluster <file>", "cluster file that names the registry and how to log in")
      // For tests on a registry that others use too: services look under no prefix.
      .addOption(new Option("--prefix <text>", "put before each subject").default("").hideHelp())
      .addHelpText("after", help)
      .exitOverride()
      .action(async (topics: readonly string[], options: Options, command: Command) => {
        const json = command.optsWithGlobals().json === true;
        const schemas = readLocalSchemas(topicsOf(topics));
        const client = openRegistry(await accessOf(options));
        try {
          const answer = await act(client, schemas, options);
          const { code, message, next } = answer.failure ?? {};
          const error = code === undefined ? {} : { error: { code, message, next } };
          process.stdout.write(
            json ? `${JSON.stringify({ ...answer.json, ...error })}\n` : answer.text,
          );
          if (answer.failure != null && !json) throw answer.failure;
          if (answer.failure != null) process.exitCode = answer.failure.exit;
        } finally {
          client.close();
        }
      })
  );
}

function topicsOf(named: readonly string[]): readonly TopicName[] {
  const strange = named.find((name) => !isTopicName(name));
  if (strange !== undefined) {
    const text = `the catalogue has no topic ${strange}; it has ${topicNames.join(", ")}`;
    throw new TapedeckError("STREAMS_TOPIC_UNKNOWN", text, { topic: strange });
  }
  return named.length === 0 ? topicNames : [...new Set(named as readonly TopicName[])];
}

/** --registry, or the cluster's; TAPEDECK_REGISTRY alone will do, because no broker is asked. */
async function accessOf({ registry, cluster, prefix }: Options): Promise<RegistryAccess> {
  const other = { subjectPrefix: prefix, patienceMs: PATIENCE_MS };
  if (registry !== undefined) return registryAt(registry, other);
  const { TAPEDECK_REGISTRY: address = "", TAPEDECK_CLUSTER: file = "" } = process.env;
  if (cluster === undefined && file === "" && address !== "") return registryAt(address, other);
  try {
    return registryOf(await loadCluster({ file: cluster }), other);
  } catch (error) {
    if (!(error instanceof TapedeckError) || error.code !== "KAFKA_NOT_CONFIGURED") throw error;
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", "nothing says which schema registry to use");
  }
}

const checkSchemas: Action = async (client, schemas) => {
  const standings = await examine(client, schemas);
  const failure = incompatible(standings, client.url);
  return {
    json: { registry: client.url, compatible: failure === null, topics: standings },
    text: checkText(standings),
    failure,
  };
};

function checkText(standings: readonly Standing[]): string {
  const rows = standings.map((one) => ({
    topic: one.topic,
    state: isPublishable(one) ? one.state : "incompatible",
    id: one.id,
    version: one.version,
    level: one.level,
  }));
  const lines = [tableText(rows, "no topics")];
  for (const { topic, problems, registrySays } of standings) {
    for (const { version, path, reason, direction } of problems) {
      const place = path === "" ? topic : `${topic}: ${path}`;
      lines.push(`${printable(`${place}: ${reason}`)} (${direction}; version ${version})\n`);
    }
    if (registrySays?.ok === false) {
      const why = registrySays.reasons.length > 0 ? registrySays.reasons : ["it does not say why"];
      lines.push(`${topic}: the registry refuses it: ${printable(why.join("; "))}\n`);
    }
  }
  const open = standings.filter((one) => isPublishable(one) && one.state !== "unchanged").length;
  if (open > 0) lines.push(`${open} to publish: tapedeck schemas publish\n`);
  return lines.join("");
}

const publishSchemas: Action = async (client, schemas, { dryRun = false }) => {
  const done = await publish(client, schemas, dryRun);
  return { json: { registry: client.url, dryRun, topics: done }, text: publishText(done, dryRun) };
};

function publishText(done: readonly Published[], dryRun: boolean): string {
  const rows = done.map(({ topic, subject, id, version, outcome }) => ({
    topic,
    subject,
    id,
    version,
    outcome,
  }));
  const fresh = done.filter(({ outcome }) => outcome !== "unchanged").length;
  const levels = done.filter(({ levelSet }) => levelSet).length;
  const would = dryRun ? "would be " : "";
  const summary = `${fresh} ${would}registered, ${done.length - fresh} unchanged; FULL_TRANSITIVE ${would}set on ${levels}`;
  return `${tableText(rows, "no topics")}${summary}\n`;
}

const diffSchemas: Action = async (client, schemas) => {
  const topics = [];
  const lines: string[] = [];
  for (const { topic, model } of schemas) {
    const subject = client.subjectOf(topic);
    const newest = (await client.versions(subject)).at(-1);
    const found = newest === undefined ? null : differences(parseAvro(newest.text), model);
    topics.push({ topic, subject, version: newest?.version ?? null, differences: found });
    if (found === null) lines.push(`${topic}: not registered\n`);
    else if (found.length === 0) lines.push(`${topic}: as version ${newest?.version}\n`);
    else lines.push(`${topic}: differs from version ${newest?.version}\n`, ...found.map(lineOf));
  }
  return { json: { registry: client.url, topics }, text: lines.join("") };
};

function lineOf({ path, what, registered, local }: Difference): string {
  const place = path === "" ? "" : `${path}: `;
  if (what === "added") return printed(`+ ${place}${local}`);
  if (what === "removed") return printed(`- ${place}${registered}`);
  return printed(`~ ${place}${what}: ${registered || "none"} → ${local || "none"}`);
}

const printed = (text: string): string => `  ${printable(text)}\n`;

const checkSummary = "hold our schemas against every version that the registry has";
const publishSummary = "check, then register what is new; done twice, it changes nothing";
const diffSummary = "what differs from the newest registered version, field by field";

const where = `
The registry is --registry, else TAPEDECK_REGISTRY, else the cluster file's (--cluster or
TAPEDECK_CLUSTER), else the developer's (npm run kafka -- up). A cluster file's credentials hold for
TAPEDECK_REGISTRY too.`;

const schemasHelp = `
Examples:
  $ tapedeck schemas check                              before a release
  $ tapedeck schemas publish --dry-run                  what would be registered
  $ tapedeck schemas diff orders fills
${where}`;

const checkHelp = `
FULL_TRANSITIVE: each schema has to read, and be read by, every registered version. The registry is
asked, and Tapedeck's own gate too, which names every field that breaks it.

Examples:
  $ tapedeck schemas check
  $ tapedeck schemas check orders --registry http://127.0.0.1:18081/apis/ccompat/v7 --json
${where}

Exit codes: 0 compatible · 2 not configured, or no registry there · 4 unreachable · 6 incompatible`;

const publishHelp = `
Sets each subject (<topic>-value) to FULL_TRANSITIVE. Registers nothing at all where one schema
is incompatible. Services never register schemas: this command does.

Examples:
  $ tapedeck schemas publish --dry-run
  $ tapedeck schemas publish --registry https://registry.example.com
  $ tapedeck schemas publish --cluster production.yaml
${where}

Exit codes: 0 published · 2 not configured, or no registry there · 4 unreachable · 6 incompatible`;

const diffHelp = `
+ a field that we have, - one that only the registry has, ~ one that changed (registered → ours).

Examples:
  $ tapedeck schemas diff
  $ tapedeck schemas diff risk.verdicts --json
${where}

Exit codes: 0 compared, whatever differs · 2 not configured, or no registry there · 4 unreachable`;
