import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import type { AnyEvent } from "../../streams/event.ts";
import { order } from "../../streams/testing/facts.ts";
import { at } from "../../streams/testing/given.ts";
import { valueText } from "./event-text.ts";

const T = parseIsoUs("2024-01-02T16:15:00Z") as number;
const text = (event: unknown): string => valueText(event as AnyEvent, new Map(), 2);
const check = { limit: 5, measured: 3, passed: true };

describe("a verdict for people", () => {
  test("says under each check which events it was measured with", () => {
    const seen = (topic: string, symbol: string) => ({ topic, symbol, timeUs: T, origin: 0 });
    const shown = text(
      at(T, "risk.verdicts", {
        portfolio: "main",
        outcome: "PASS",
        reason: "NONE",
        state: "ACTIVE",
        targets: [],
        checks: [
          { ...check, check: "PRICE_COLLAR", symbol: "A", unit: "BPS" },
          { ...check, check: "MAX_DRAWDOWN", symbol: "", unit: "BPS", passed: false },
          { ...check, check: "PRICE_COLLAR", symbol: "C", unit: "BPS" },
        ],
        scalePpm: 1_000_000,
        overlays: [],
        events: [
          seen("market.bars", "A"),
          seen("market.bars", "B"),
          seen("portfolio.snapshots", ""),
        ],
        answer: "",
      }),
    );
    expect(shown).toContain(
      "checks=passed PRICE_COLLAR A 3 of 5 BPS [1], FAILED MAX_DRAWDOWN 3 of 5 BPS [3], passed PRICE_COLLAR C 3 of 5 BPS scalePpm",
    );
    expect(shown).toContain(
      "events=[1] market.bars A 2024-01-02T16:15:00Z, [2] market.bars B 2024-01-02T16:15:00Z, [3] portfolio.snapshots 2024-01-02T16:15:00Z answer",
    );
  });

  test("of an order has them beside each check", () => {
    const used = [{ topic: "market.bars", timeUs: T }];
    const shown = text(
      at(T, "risk.order-verdicts", {
        portfolio: "main",
        symbol: "A",
        outcome: "PASS",
        reason: "NONE",
        state: "ACTIVE",
        latch: "NONE",
        overriddenBy: "",
        checks: [
          { ...check, check: "PRICE_AGE", unit: "MICROSECONDS", used },
          { ...check, check: "SESSION", unit: "MICROSECONDS", used: [] },
        ],
        order: order(1, "A", 100),
      }),
    );
    expect(shown).toContain(
      "checks=passed PRICE_AGE 3 of 5 MICROSECONDS [market.bars 2024-01-02T16:15:00Z], passed SESSION 3 of 5 MICROSECONDS order",
    );
  });
});
