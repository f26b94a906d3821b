// The shadow's page: what it says, and that nothing in it asks for anything.

import { describe, expect, test } from "vitest";
import type { AnyEvent } from "../../streams/event.ts";
import { renderShadow } from "./render-shadow.ts";
import { type DifferenceReport, reportJson, type ShadowReport } from "./shadow-data.ts";

const EVIL = `</script><script>alert("x")</script><img src=x onerror=1>&`;

const event = {
  topic: "orders",
  partition: 0,
  offset: 3,
  timeUs: 1_704_212_100_000_000,
  origin: 0,
  cause: null,
  ordinal: 0,
  value: { symbol: EVIL, quantity: 5, fee: 7n },
} as unknown as AnyEvent;

const first: DifferenceReport = {
  topic: "orders",
  timeUs: event.timeUs,
  kind: "differing",
  fields: [
    { field: "symbol", live: EVIL, shadow: "A" },
    { field: "fee", live: 7n, shadow: 8n },
    { field: "decidedUs", live: 1_704_212_100_000_000, shadow: undefined },
  ],
  live: [event],
  shadow: [],
};

const report: ShadowReport = {
  format: 1,
  name: "candidate-7",
  app: "tapedeck",
  writtenMs: 1_704_212_100_000,
  following: true,
  liveDigest: "aaaa",
  candidateDigest: "bbbb",
  sameDecisions: false,
  changes: [{ key: "risk.maxOrderValue", a: 600_000, b: 150_000 }],
  start: null,
  timeUs: event.timeUs,
  sourceEvents: 1_234,
  lagSeconds: 90,
  undecided: 2,
  admissions: { followed: 10, missed: 1, waiting: 3 },
  topics: [
    {
      topic: "orders",
      agreed: 9_998,
      differing: 1,
      missing: 1,
      extra: 0,
      partitions: 2,
      identical: 1,
      fields: [{ field: "symbol", events: 1 }],
      first,
    },
  ],
  first,
  currency: "USD",
  currencyScale: 2,
  last: {
    live: { equity: "1000.00", gross: "0.00", net: "0.00" },
    shadow: { equity: "999.95", gross: "10.00", net: "-10.00" },
  },
  greatest: [
    { measure: "equity", gap: "-0.05", live: "1000.00", shadow: "999.95", timeUs: event.timeUs },
  ],
  curve: {
    timeUs: [event.timeUs, event.timeUs + 1_000_000],
    equity: [
      [1000, 1000],
      [1000, 999.95],
    ],
    gross: [
      [0, 0],
      [0, 10],
    ],
    net: [
      [0, 0],
      [0, -10],
    ],
  },
  agreement: { timeUs: [event.timeUs], agreed: { orders: [0.9998] } },
  behind: [{ topic: "orders", events: 10, p50: 0.2, p99: 1.5, worst: 1.7 }],
};

describe("a shadow's page", () => {
  const page = renderShadow(report);

  test("lets nothing from data become markup or script", () => {
    expect(page).not.toContain(EVIL);
    expect(page).not.toContain("<img");
    // Two of ours and the data.
    expect(page.match(/<script/g)?.length).toBe(3);
  });

  test("asks for nothing: its policy forbids it, and nothing in it would", () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy.match(/'sha256-[A-Za-z0-9+/=]+'/g)?.length).toBe(3);
    expect(page).not.toMatch(/(?:src|href)=["']?(?:https?:)?\/\//);
  });

  test("says how much parts, by what, and what it came to", () => {
    expect(page).toContain("<dd>99.98 %");
    expect(page).toContain("9,998 of 10,000");
    expect(page).toContain("1 differ · 1 missing · 0 extra");
    expect(page).toContain('<span class="down">−0.05</span>');
    expect(page).toContain("risk.maxOrderValue");
    expect(page).toContain('<td class="right">1 of 2</td>');
    expect(page).toContain("<td>7</td><td>8</td>");
    expect(page).toContain("2024-01-02T16:15:00Z");
    expect(page).toContain("1 min 30 s of event time behind live");
  });

  test("loads itself anew while the shadow follows, and not once it has stopped", () => {
    expect(page).toContain('http-equiv="refresh"');
    expect(renderShadow({ ...report, following: false })).not.toContain('http-equiv="refresh"');
  });

  test("has its data beside it, amounts as exact text", () => {
    const data = JSON.parse(reportJson(report));
    expect(data.first.fields[1]).toEqual({ field: "fee", live: "7", shadow: "8" });
    expect(data.first.live[0].value.fee).toBe("7");
  });
});
