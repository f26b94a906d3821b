// Prints the state machine of an order into docs/orders.md, from schemas/values/order-status.ts. The words around
// it are the page's own. `npm run docs:orders` rewrites it; with `-- --check` it exits 1 where it is stale.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const [from, to] = ["<!-- states: printed -->", "<!-- states: end -->"];
const now = readFileSync(path, "utf8");
const [start, end] = [now.indexOf(from), now.indexOf(to)];
if (start < 0 || end < start) throw new Error("docs/orders.md lacks the marks of the states");
const text = [...diagram, "", ...table].join("\n");
const page = `${now.slice(0, start + from.length)}\n\n${text}\n\n${now.slice(end)}`;

if (now !== page) {
  const check = process.argv.includes("--check");
  console.error(`docs/orders.md: ${check ? "stale, run npm run docs:orders" : "written"}`);
  if (check) process.exitCode = 1;
  else writeFileSync(path, page);
}
