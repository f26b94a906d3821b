// Alerts and dashboard name metrics by text, far from the code: here every query is read by Prometheus'
// grammar and held against the registry.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openHealthServer } from "./health-server.ts";
import { histogramMetrics, numberMetrics } from "./metric-table.ts";
import { createRegistry } from "./metrics.ts";
import { poolMetrics } from "./pool-metrics.ts";
import { newServiceGauges } from "./service-gauges.ts";
import { shadowMetrics } from "./shadow-metrics.ts";
import { knownSeries, queryFaults } from "./testing/query-faults.ts";

const compose = join(import.meta.dirname, "..", "compose");
const text = (path: string): string => readFileSync(join(compose, path), "utf8");
const yaml = <Shape>(path: string): Shape => parse(text(path), { strict: true }) as Shape;

const settings = { version: "1", codeDigest: "c", readyLagRecords: 0, readyLagSeconds: 0 };
const ours = createRegistry(newServiceGauges(settings), { processFigures: false });
const all = createRegistry(newServiceGauges(settings), { processFigures: true });
const names = (of: typeof all): readonly string[] => of.getMetricsAsArray().map(({ name }) => name);
const known = knownSeries(names(all).filter((name) => !names(ours).includes(name)));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const { groups } = yaml<{ groups: { name: string; rules: Rule[] }[] }>(
  "prometheus/rules/tapedeck.yml",
);
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly { readonly name: string; definition: string }[] };
  readonly panels: readonly Panel[];
}
const dashboard = JSON.parse(text("grafana/dashboards/tapedeck.json")) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

describe("the checker of queries", () => {
  test.each([
    ["up == 0 or absent(up)", []],
    ["rate(tapedeck_events_admitted_total[5m])", []],
    ["sum by (le) (rate(tapedeck_tick_to_verdict_seconds_bucket[$__rate_interval]))", []],
    ["tapedeck_fenced_total unless (tapedeck_fenced_total offset 10m)", []],
    ["tapedeck_fenced_total and tapedeck_ready", ["tapedeck_fenced_total needs a rate"]],
    ["rate(tapedeck_events_admited_total[5m])", ["no such metric: tapedeck_events_admited_total"]],
    ["tapedeck_fenced_total > 0", ["tapedeck_fenced_total needs a rate"]],
    ["rate(tapedeck_ready[5m])", ["tapedeck_ready does not take a rate"]],
    ["sum by (topic) (tapedeck_buffer_bytes)", ["no such label: topic"]],
    ['tapedeck_ready{tsak="a"}', ["no such label: tsak"]],
    ["rate(tapedeck_tick_to_verdict_seconds[5m])", [expect.stringContaining("no such metric")]],
  ])("%s", (query, faults) => {
    expect(queryFaults(query, known)).toEqual(faults);
  });

  test("finds what does not parse", () => {
    for (const query of ["sum(", "tapedeck_ready ==", "rate(up[5x])", "up or or up", "a b"]) {
      expect(queryFaults(query, known).join()).toContain("syntax");
    }
  });
});

describe("the alert rules", () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))("%s is sound", (_, rule) => {
    expect(queryFaults(rule.expr, known)).toEqual([]);
    expect(rule.alert).toMatch(/^Tapedeck([A-Z][a-z]+)+$/);
    expect(rule.for ?? "1m").toMatch(/^\d+[smh]$/);
    expect(["critical", "warning"]).toContain(rule.labels.severity);
    expect(Object.keys(rule.annotations)).toEqual(["summary", "action"]);
    for (const said of Object.values(rule.annotations)) expect(said).toMatch(/^\S.+\.$/s);
    const keys = ["alert", "expr", "for", "labels", "annotations"];
    expect(Object.keys(rule).every((key) => keys.includes(key))).toBe(true);
  });

  test("have names of their own and cover what stops or spoils decisions", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    const judged = rules.map(({ expr }) => expr).join("\n");
    for (const metric of [
      "tapedeck_task_input_lag_seconds",
      "tapedeck_watchdog_trips_total",
      "tapedeck_dead_letters_total",
      "tapedeck_transactions_total",
      "tapedeck_ready",
      "tapedeck_late_admissions_total",
      "tapedeck_pool_answers_total",
      "tapedeck_pool_audit_differences_total",
      "tapedeck_pool_device_quarantined",
    ]) {
      expect(judged).toContain(metric);
    }
  });
});

describe("Prometheus' configuration", () => {
  interface Scrape {
    readonly job_name: string;
    readonly dns_sd_configs?: readonly { readonly port: number }[];
  }
  const config = yaml<{ rule_files: string[]; scrape_configs: Scrape[] }>(
    "prometheus/prometheus.yml",
  );

  test("scrapes the job that queries name, where the service listens by default", async () => {
    const [job] = config.scrape_configs;
    expect(job?.job_name).toBe("tapedeck");
    const queries = [...rules, ...targets].map(({ expr }) => expr).join("\n");
    const jobs = [...queries.matchAll(/job="([^"]*)"/g)].map(([, name]) => name);
    expect(new Set(jobs)).toEqual(new Set(["tapedeck"]));
    const gauges = newServiceGauges(settings);
    const registry = createRegistry(gauges, { processFigures: false });
    const ready = () => ({ ready: true, reasons: [] });
    const open = await openHealthServer({ registry, ready, ailments: () => [] }).catch(
      (error: { facts: { port: number } }) => ({ port: error.facts.port, close: async () => {} }),
    );
    await open.close();
    expect(job?.dns_sd_configs?.[0]?.port).toBe(open.port);
  });

  test("reads the folder in which the rules are", () => {
    expect(config.rule_files).toEqual(["/etc/prometheus/rules/*.yml"]);
    expect(readdirSync(join(compose, "prometheus", "rules"))).toEqual(["tapedeck.yml"]);
  });
});

describe("the dashboard", () => {
  test.each(targets.map(({ expr }) => [expr]))("%s", (expr) => {
    expect(queryFaults(expr, known)).toEqual([]);
  });

  test("has what Grafana's schema asks for", () => {
    expect(dashboard.uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
    expect(dashboard.title).not.toBe("");
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(dashboard.time).toEqual({ from: "now-1h", to: "now" });
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const panel of dashboard.panels) {
      expect(["row", "stat", "timeseries", "heatmap", "table"]).toContain(panel.type);
      expect(panel.title).not.toBe("");
      if (panel.type === "row") continue;
      expect(panel.description).toMatch(/^[A-Za-z0-9].*\.$/);
      const refs = (panel.targets ?? []).map(({ refId }) => refId);
      expect(refs.length).toBeGreaterThan(0);
      expect(new Set(refs).size).toBe(refs.length);
    }
  });

  test("asks the source that is provisioned, and lies where Grafana looks", () => {
    const sources = yaml<{ apiVersion: number; datasources: { uid: string }[] }>(
      "grafana/provisioning/datasources/prometheus.yml",
    );
    const providers = yaml<{ apiVersion: number; providers: { options: { path: string } }[] }>(
      "grafana/provisioning/dashboards/tapedeck.yml",
    );
    expect([sources.apiVersion, providers.apiVersion]).toEqual([1, 1]);
    expect(providers.providers[0]?.options.path).toBe("/var/lib/grafana/dashboards");
    const used = [...dashboard.panels, ...targets].flatMap(({ datasource }) =>
      datasource === undefined ? [] : [datasource.uid],
    );
    expect(new Set(used)).toEqual(new Set(sources.datasources.map(({ uid }) => uid)));
  });

  test("its panels lie side by side within 24 columns, none upon another", () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column} ${line}`), title).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  test("uses variables that it defines", () => {
    const defined = dashboard.templating.list.map(({ name }) => `$${name}`);
    const used = JSON.stringify(targets.map(({ expr }) => expr)).match(/\$[a-z]+\b/g) ?? [];
    expect(new Set(used)).toEqual(new Set(defined));
    for (const { definition } of dashboard.templating.list) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect(known.get(metric ?? "")?.labels).toContain(label);
    }
  });

  test("every metric of ours is on it or judged by a rule", () => {
    const queries = [...rules, ...targets].map(({ expr }) => expr).join("\n");
    const { numbers, histograms } = shadowMetrics;
    const pool = [...poolMetrics.numbers, ...poolMetrics.histograms];
    const unseen = [...numberMetrics, ...histogramMetrics, ...numbers, ...histograms, ...pool]
      .map(({ name }) => name)
      .filter((name) => !queries.includes(name));
    // In the text of an alert, for whoever looks into it.
    expect(unseen).toEqual(["tapedeck_group_assigned"]);
  });
});
