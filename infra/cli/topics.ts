// tapedeck topics: a flow's topics on Kafka against those that are there, and who may do what.

import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import type { Admin } from "kafkajs";
import { flowTopology } from "../../processors/topology.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { configFromText, loadConfig, type Override } from "../config/load-config.ts";
import { withAdmin } from "../kafka/cluster/admin.ts";
import { type ClusterConfig, loadCluster } from "../kafka/cluster/cluster-config.ts";
import { compareAcls, grantAcls, lineOf, revokeAcls } from "../kafka/topics/acl-admin.ts";
import { DEFAULT_PRINCIPAL, type Grant, leastGrants } from "../kafka/topics/acl-rules.ts";
import { aclCommands } from "../kafka/topics/acl-text.ts";
import { type Namespace, namespaceOf } from "../kafka/topics/names.ts";
import { planText, summary } from "../kafka/topics/plan-text.ts";
import {
  applyTopics,
  checkReplication,
  type Outcome,
  readTopics,
} from "../kafka/topics/topic-admin.ts";
import {
  type FoundTopic,
  isOurs,
  isPending,
  planTopics,
  type TopicPlan,
} from "../kafka/topics/topic-plan.ts";
import { type FlowOnKafka, type WantedTopic, wantedTopics } from "../kafka/topics/wanted-topics.ts";
import { loadModel } from "../models/load-model.ts";
import { appOption, prefixOption } from "./namespace-options.ts";
import { setOption } from "./set-option.ts";
import { tableText } from "./table.ts";

/** Not an error: the cluster is not yet as the flow needs it. */
const EXIT_PENDING = 7;

interface FlowOptions {
  readonly config?: string;
  readonly set?: readonly Override[];
  readonly isolate?: readonly string[];
  readonly app?: string;
  readonly prefix: string;
  readonly cluster?: string;
}

interface PlanOptions extends FlowOptions {
  readonly allowRepartition?: true;
  readonly delete?: readonly string[];
}

interface ApplyOptions extends PlanOptions {
  readonly yes?: true;
}

interface AclOptions extends FlowOptions {
  readonly shadow?: readonly string[];
  readonly principal: string;
  readonly commands?: true;
  readonly apply?: true;
  readonly revoke?: true;
}

export function topicsCommand(): Command {
  const command = new Command("topics").addHelpText("after", help);
  planOptions(command.command("plan"))
    .description("compare the topics that a flow needs with the cluster's; change nothing")
    .action(async (options: PlanOptions, self: Command) => {
      const { plans, where } = await withPlan(options, async (planned) => planned);
      if (isJson(self)) write(json({ ...where, summary: summary(plans), topics: plans }));
      else write(placeText(where) + planText(plans));
      if (plans.some(isPending)) process.exitCode = EXIT_PENDING;
    });
  planOptions(command.command("apply"))
    .description("make the topics as the plan says, then read them back")
    .option("--yes", "do not ask")
    .action(async (options: ApplyOptions, self: Command) => {
      await withPlan(options, (planned) => apply(planned, options, isJson(self)));
    });
  flowOptions(command.command("acl"))
    .description("print the least that each part of a flow must be allowed")
    .option("--shadow <name>", "also for a shadow of this name; may be given several times", gather)
    .option("--principal <template>", "who runs a part; {app} and {role}", DEFAULT_PRINCIPAL)
    .option("--commands", "print commands of kafka-acls.sh")
    .option("--apply", "make the grants that the cluster lacks; show those beyond them")
    .option("--revoke", "with --apply: take away what these principals may do beyond them")
    .action((options: AclOptions, self: Command) => acl(options, isJson(self)));
  return command;
}

const flowOptions = (command: Command): Command =>
  command
    .option("--config <file>", "the run whose flow it is; left out, the default configuration")
    .addOption(setOption("change one setting of it, such as --set partitions=8"))
    .option("--isolate <names>", "processors that run alone, comma between", list)
    .addOption(appOption("begins groups, transactional ids, changelogs (default: tapedeck)"))
    .addOption(prefixOption("namespace, with its dot: run.<id>., shadow.<name>."))
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md");

const planOptions = (command: Command): Command =>
  flowOptions(command)
    .addOption(
      new Option("--allow-repartition", "add partitions where more are wanted: keys then move"),
    )
    .option("--delete <topic>", "delete this unused topic; may be given several times", gather);

const gather = (value: string, earlier: readonly string[] = []): readonly string[] => [
  ...earlier,
  value,
];

const list = (value: string): readonly string[] => value.split(",").map((part) => part.trim());

const isJson = (command: Command): boolean => command.optsWithGlobals().json === true;

const write = (text: string): void => void process.stdout.write(text);

const json = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** What a plan is about: a look at the wrong cluster is to be seen as such. */
interface Where {
  readonly brokers: readonly string[];
  readonly source: string;
  readonly namespace: Namespace;
}

const placeText = ({ brokers, source, namespace }: Where): string => {
  const { prefix, app } = namespace;
  const name = prefix === "" ? "live" : prefix;
  return `cluster ${brokers.join(", ")} (by ${source}), namespace ${name}, app ${app}\n\n`;
};

interface Planned {
  readonly where: Where;
  readonly admin: Admin;
  readonly found: readonly FoundTopic[];
  readonly plans: readonly TopicPlan[];
  readonly again: () => Promise<readonly TopicPlan[]>;
}

/** Plans with the cluster, and does `use` before the connection is closed. */
async function withPlan<T>(
  options: PlanOptions,
  use: (planned: Planned) => Promise<T>,
): Promise<T> {
  const flow = await flowOf(options);
  const cluster = await clusterOf(options);
  const wanted = wantedTopics(flow, cluster);
  const { namespace } = flow;
  const names = new Set(wanted.map(({ name }) => name));
  const permitted = {
    repartition: options.allowRepartition === true,
    remove: options.delete ?? [],
  };
  return withAdmin(cluster, "plan topics", async (admin) => {
    const read = () => readTopics(admin, (name) => names.has(name) || isOurs(namespace, name));
    const plan = (topics: readonly FoundTopic[]) =>
      planTopics(wanted, topics, namespace, permitted);
    const found = await read();
    checkDeletes(permitted.remove, wanted, namespace);
    const plans = plan(found);
    await checkReplication(admin, plans);
    const { brokers, source } = cluster;
    const where = { brokers, source, namespace };
    return use({ where, admin, found, plans, again: async () => plan(await read()) });
  });
}

/** What is to go must be ours and of no use to the flow; that it is gone already is no error. */
function checkDeletes(
  names: readonly string[],
  wanted: readonly WantedTopic[],
  namespace: Namespace,
): void {
  for (const name of names) {
    const why = wanted.some((topic) => topic.name === name)
      ? "the flow needs it"
      : !isOurs(namespace, name)
        ? "it is not of this namespace"
        : null;
    if (why === null) continue;
    const text = `--delete ${name}: ${why}`;
    throw new TapedeckError("TOPICS_DELETE_REFUSED", text, { topic: name });
  }
}

async function apply(planned: Planned, options: ApplyOptions, asJson: boolean): Promise<void> {
  const { where, admin, plans, found, again } = planned;
  const isWork = plans.some(({ action }) => action !== "keep");
  if (!asJson) write(placeText(where) + planText(plans));
  if (isWork && options.yes !== true && !(await confirmed(asJson))) {
    throw new TapedeckError("TOPICS_UNCONFIRMED", "nothing was changed: it was not confirmed");
  }
  const outcomes = isWork ? await applyTopics(admin, plans, found, again) : [];
  const left = isWork ? await again() : plans;
  if (asJson) write(json({ ...where, planned: plans, outcomes, topics: left }));
  else write(outcomesText(outcomes));
  const failed = outcomes.filter(({ failure }) => failure !== null);
  if (failed.length > 0) {
    const lines = failed.map(({ name, failure }) => `  ${name}: ${failure}`);
    const text = `${failed.length} of ${outcomes.length} topics failed\n${lines.join("\n")}`;
    throw new TapedeckError("TOPICS_APPLY_FAILED", text, { failed: failed.length });
  }
  if (left.some(isPending)) process.exitCode = EXIT_PENDING;
}

const outcomesText = (outcomes: readonly Outcome[]): string =>
  outcomes
    .map(
      ({ name, action, failure }) =>
        `${failure === null ? "done   " : "failed "} ${action} ${name}\n`,
    )
    .join("");

/** Only a person at a terminal can be asked. */
async function confirmed(asJson: boolean): Promise<boolean> {
  if (asJson || process.stdin.isTTY !== true || process.stdout.isTTY !== true) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question("Apply this? Only yes will do: ")).trim() === "yes";
  } finally {
    terminal.close();
  }
}

async function acl(options: AclOptions, asJson: boolean): Promise<void> {
  const { topology, isolate, namespace } = await flowOf(options);
  const { shadow: shadows = [], principal } = options;
  const grants = leastGrants({ topology, isolate, namespace, shadows, principal });
  if (options.apply === true) return applyAcls(grants, options, asJson);
  if (options.revoke === true) {
    throw new TapedeckError("USAGE_INVALID", "--revoke goes with --apply");
  }
  if (asJson) write(json({ grants }));
  else write(options.commands === true ? aclCommands(grants) : grantsTable(grants));
}

const grantsTable = (grants: readonly Grant[]): string =>
  tableText(
    grants.map(({ principal, resource, operations, why }) => ({
      principal,
      may: operations.join(", "),
      on: resource.type,
      name: resource.pattern === "prefixed" ? `${resource.name}*` : resource.name,
      why,
    })),
    "nothing",
  );

async function applyAcls(
  grants: readonly Grant[],
  options: AclOptions,
  asJson: boolean,
): Promise<void> {
  const cluster = await clusterOf(options);
  await withAdmin(cluster, "apply ACLs", async (admin) => {
    const { missing, extra, present } = await compareAcls(admin, grants);
    await grantAcls(admin, missing);
    const revoke = options.revoke === true;
    if (revoke) await revokeAcls(admin, extra);
    const left = revoke ? (await compareAcls(admin, grants)).extra : extra;
    if (asJson) {
      const lines = { granted: missing.map(lineOf), extra: left.map(lineOf) };
      write(json({ ...lines, present, revoked: extra.length - left.length }));
    } else {
      const taken = revoke ? `, ${extra.length - left.length} taken away` : "";
      write(`${missing.length} granted, ${present} there already${taken}\n`);
      for (const one of left.map(lineOf)) {
        write(`! ${one.principal} may ${one.operation} ${one.type} ${one.name} (${one.pattern})\n`);
      }
      if (left.length > 0) write("  beyond what the flow needs: --revoke takes it away\n");
    }
    if (left.length > 0) process.exitCode = EXIT_PENDING;
  });
}

async function flowOf(options: FlowOptions): Promise<FlowOnKafka> {
  const { config, set = [], isolate = [], app, prefix } = options;
  const { flow, partitions } =
    config === undefined ? await defaultFlow(set) : await loadConfig(config, set);
  return { topology: flowTopology(flow), partitions, isolate, namespace: namespaceOf(prefix, app) };
}

/** The flow of a configuration that says nothing but a tape, which is not looked at. */
async function defaultFlow(
  set: readonly Override[],
): Promise<Pick<Awaited<ReturnType<typeof loadConfig>>, "flow" | "partitions">> {
  const { flow, modelName, partitions } = configFromText("tape: .\n", "defaults", set);
  const { model } = await loadModel(modelName, process.cwd());
  return { flow: { ...flow, model }, partitions };
}

async function clusterOf({ cluster: file }: FlowOptions): Promise<ClusterConfig> {
  const cluster = await loadCluster({ file });
  for (const warning of cluster.warnings) process.stderr.write(`warning: ${warning}\n`);
  return cluster;
}

const help = `
A plan's marks: + made · ~ changed · - deleted · ! differs and is left alone · = as wanted

Examples:
  $ tapedeck topics plan --config run.yaml --set partitions=8
  $ tapedeck topics apply --cluster production.yaml --yes
  $ tapedeck topics plan --prefix shadow.candidate-7.
  $ tapedeck topics acl --isolate risk-gate --shadow candidate-7
  $ tapedeck topics acl --commands > grants.sh      for kafka-acls.sh
  $ tapedeck topics acl --apply --cluster admin.yaml

Exit codes: 0 as wanted · 2 usage or configuration · 4 the cluster · 7 changes are pending, or
grants beyond the least are there`;
