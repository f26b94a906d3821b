// What is wrong with a PromQL query over our metrics, by Prometheus' own grammar: promtool knows more (types,
// rule semantics) but is a program that has to be installed. Says nothing where nothing is found.

import { parser } from "@prometheus-io/lezer-promql";
import { histogramMetrics, numberMetrics } from "../metric-table.ts";
import { poolMetrics } from "../pool-metrics.ts";
import { shadowMetrics } from "../shadow-metrics.ts";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

interface Series {
  readonly counter: boolean;
  /** Null: somebody else's metric, whose labels are not ours to know. */
  readonly labels: readonly string[] | null;
}

/** Labels that Prometheus adds to every series that it scrapes. */
const SCRAPED = ["job", "instance"];
const RATES = ["rate", "increase", "irate", "resets"];

/** Every series of services, shadows and pools by name; `processNames` are those of prom-client's default metrics. */
export function knownSeries(processNames: readonly string[]): ReadonlyMap<string, Series> {
  const known = new Map<string, Series>([["up", { counter: false, labels: [] }]]);
  const tables = [
    { numbers: numberMetrics, histograms: histogramMetrics },
    shadowMetrics,
    poolMetrics,
  ];
  for (const { name, kind, labels } of tables.flatMap(({ numbers }) => [...numbers])) {
    known.set(name, { counter: kind === "counter", labels });
  }
  for (const { name, labels } of tables.flatMap(({ histograms }) => [...histograms])) {
    known.set(`${name}_bucket`, { counter: true, labels: [...labels, "le"] });
    for (const part of ["sum", "count"]) known.set(`${name}_${part}`, { counter: true, labels });
  }
  for (const name of processNames) {
    known.set(name, { counter: name.endsWith("_total"), labels: null });
    for (const part of ["bucket", "sum", "count"]) {
      known.set(`${name}_${part}`, { counter: true, labels: null });
    }
  }
  return known;
}

/** `x unless x offset 10m`: the counters that are new. They have risen, yet no rate sees it. */
function comparesWithBefore(selector: SyntaxNode): boolean {
  let around = selector.parent;
  while (around?.name === "OffsetExpr" || around?.name === "ParenExpr") around = around.parent;
  return around?.name === "BinaryExpr" && around.getChild("Unless") !== null;
}

/** Grafana's variables stand for a duration here. */
export const withoutVariables = (query: string): string =>
  query.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h");

export function queryFaults(text: string, known: ReadonlyMap<string, Series>): readonly string[] {
  const query = withoutVariables(text);
  const faults: string[] = [];
  const names: string[] = [];
  const labels: string[] = [];
  /** Functions around the node at hand, the innermost last. */
  const functions: string[] = [];
  parser.parse(query).iterate({
    enter({ name, type, from, to, node }) {
      const source = query.slice(from, to);
      if (type.isError) faults.push(`syntax at ${from}: ${query.slice(from, from + 20)}`);
      if (name === "FunctionCall") {
        functions.push(query.slice(from, node.getChild("FunctionIdentifier")?.to ?? from));
      }
      if (name === "LabelName") labels.push(source);
      if (name !== "VectorSelector") return;
      const metric = node.getChild("Identifier");
      if (metric === null) return;
      const series = query.slice(metric.from, metric.to);
      names.push(series);
      const found = known.get(series);
      if (found === undefined) faults.push(`no such metric: ${series}`);
      else if (found.counter && comparesWithBefore(node)) return;
      else if (found.counter !== RATES.includes(functions.at(-1) ?? "")) {
        faults.push(`${series} ${found.counter ? "needs" : "does not take"} a rate`);
      }
    },
    leave({ name }) {
      if (name === "FunctionCall") functions.pop();
    },
  });
  const usable = names.map((name) => known.get(name)?.labels);
  const all = usable.includes(null) ? null : [...SCRAPED, ...usable.flatMap((of) => of ?? [])];
  for (const label of labels) {
    if (all !== null && !all.includes(label)) faults.push(`no such label: ${label}`);
  }
  return faults;
}
