// Prints the state machines of an order (schemas/values/order-status.ts) and of a parent order
// (processors/order-router/parent-order.ts) into docs/orders.md. The words around them are the page's own. `npm run docs:orders` rewrites it; with `-- --check` it exits 1 where it is stale.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentCancels, parentSteps } from "../processors/order-router/parent-order.ts";
import { isEnd, transitions, venueStatuses } from "../schemas/values/order-status.ts";

const path = join(import.meta.dirname, "orders.md");

const steps = venueStatuses.flatMap((from) =>
  Object.entries(transitions[from]).flatMap(([by, targets]) =>
    targets.map((to) => ({ from, by, to })),
  ),
);

const table = [
  "| from | by the report | to |",
  "|---|---|---|",
  ...venueStatuses.flatMap((from) =>
    Object.entries(transitions[from]).map(
      ([by, targets]) => `| ${from} | \`${by}\` | ${targets.join(" or ")} |`,
    ),
  ),
];

const pairs = new Map<string, string[]>();
for (const { from, by, to } of steps) {
  const pair = `${from} --> ${to}`;
  pairs.set(pair, [...(pairs.get(pair) ?? []), by]);
}

const diagram = [
  "```mermaid",
  "stateDiagram-v2",
  `  [*] --> ${venueStatuses[0]}: we send it`,
  ...[...pairs].map(([pair, by]) => `  ${pair}: ${by.join(", ")}`),
  ...venueStatuses.filter(isEnd).map((status) => `  ${status} --> [*]`),
  "```",
];

const parentLines = [
  "```mermaid",
  "stateDiagram-v2",
  "  [*] --> PENDING: a verdict asks for it",
  ...Object.entries(parentSteps).flatMap(([from, by]) =>
    Object.entries(by).map(([cause, to]) => `  ${from} --> ${to}: ${cause.replaceAll(":", ",")}`),
  ),
  ...Object.entries(parentSteps).map(([from, by]) =>
    Object.keys(by).length === 0 ? `  ${from} --> [*]` : `  ${from} --> CANCELED`,
  ),
  "```",
  "",
  `CANCELED by: ${parentCancels.join(", ")}.`,
];

/** What is printed between the marks of a name. */
const printed = {
  states: [...diagram, "", ...table],
  parent: parentLines,
};

const now = readFileSync(path, "utf8");
const page = Object.entries(printed).reduce((text, [name, lines]) => {
  const from = `<!-- ${name}: printed -->`;
  const [start, end] = [text.indexOf(from), text.indexOf(`<!-- ${name}: end -->`)];
  if (start < 0 || end < start) throw new Error(`docs/orders.md lacks the marks of ${name}`);
  return `${text.slice(0, start + from.length)}\n\n${lines.join("\n")}\n\n${text.slice(end)}`;
}, now);

if (now !== page) {
  const check = process.argv.includes("--check");
  console.error(`docs/orders.md: ${check ? "stale, run npm run docs:orders" : "written"}`);
  if (check) process.exitCode = 1;
  else writeFileSync(path, page);
}
