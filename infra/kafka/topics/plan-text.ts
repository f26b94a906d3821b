// A plan as people read it: + made, ~ changed, - deleted, ! differs and is left alone, = as wanted.

import { isPending, type TopicPlan } from "./topic-plan.ts";

const marks = { create: "+", change: "~", delete: "-", keep: "=" } as const;

export function planText(plans: readonly TopicPlan[]): string {
  const width = Math.max(0, ...plans.map(({ name }) => name.length));
  const lines = plans.flatMap((plan) => topicLines(plan, width));
  return `${[...lines, "", ...createdWith(plans), ...grownWarning(plans), summary(plans)].join("\n")}\n`;
}

/** What no later command can undo is said once, where it is seen. */
function grownWarning(plans: readonly TopicPlan[]): readonly string[] {
  const grown = plans.filter(
    ({ partitions: { from, to } }) => from !== null && to !== null && to > from,
  );
  if (grown.length === 0) return [];
  return [
    `WARNING: partitions are added to ${grown.length} topic${grown.length === 1 ? "" : "s"}, for good. What ran on them cannot go on, and`,
    "`verify --live` cannot prove it any more: prove it first, and stop all its instances. To keep",
    "both, leave these topics alone and give the new number of partitions a --prefix of its own.",
    "",
  ];
}

/** New topics have few settings that differ: each set is listed once. */
function createdWith(plans: readonly TopicPlan[]): readonly string[] {
  const sets = new Map<string, { readonly first: TopicPlan; count: number }>();
  for (const plan of plans.filter(({ action }) => action === "create")) {
    const key = JSON.stringify(plan.settings);
    const set = sets.get(key);
    if (set === undefined) sets.set(key, { first: plan, count: 1 });
    else set.count++;
  }
  return [...sets.values()].flatMap(({ first, count }) => {
    const others = count === 1 ? "" : ` and ${count - 1} other${count === 2 ? "" : "s"}`;
    const settings = first.settings.map(({ name, to }) => `    ${name} = ${to}`);
    return [`+ ${first.name}${others}, with`, ...settings, ""];
  });
}

function topicLines(plan: TopicPlan, width: number): readonly string[] {
  const { name, action, settings, drift } = plan;
  const mark = action === "keep" && drift.some(({ blocks }) => blocks) ? "!" : marks[action];
  const head = `${mark} ${name.padEnd(width)}  ${sizeText(plan)}`;
  const changes =
    action === "create"
      ? []
      : settings.map(({ name: key, from, to }) => `    ${key}: ${from ?? "not set"} → ${to}`);
  const differing = drift.flatMap(({ what, why, flag, blocks }) => [
    `    ${blocks ? "! " : ""}${what}`,
    `      ${why}`,
    ...(flag === null ? [] : [`      → ${flag}`]),
  ]);
  return [head, ...changes, ...differing];
}

function sizeText({ action, partitions, replicationFactor, kind }: TopicPlan): string {
  const { from, to } = partitions;
  const count = from !== null && to !== null && from !== to ? `${from} → ${to}` : `${to ?? from}`;
  const of = `${count} partition${count === "1" ? "" : "s"}`;
  const copies = `${replicationFactor} replica${replicationFactor === 1 ? "" : "s"}`;
  return `${kind}, ${of}, ${copies}${action === "keep" ? "" : `: ${action}`}`;
}

export function summary(plans: readonly TopicPlan[]): string {
  const count = (action: TopicPlan["action"]): number =>
    plans.filter((plan) => plan.action === action).length;
  const blocked = plans.filter(({ drift }) => drift.some(({ blocks }) => blocks)).length;
  if (!plans.some(isPending)) return `nothing to do: ${plans.length} topics are as wanted`;
  return [
    `${count("create")} to create`,
    `${count("change")} to change`,
    `${count("delete")} to delete`,
    `${blocked} that differ and are left alone`,
    `${plans.filter((plan) => !isPending(plan)).length} as wanted`,
  ].join(", ");
}
