import { describe, expect, test } from "vitest";
import { configFromText } from "./load-config.ts";

const PATH = "/somewhere/run.yaml";
const read = (breakers: string) => configFromText(`tape: x\nrisk: { breakers: ${breakers} }`, PATH);

describe("the section risk.breakers", () => {
  test("comes out in machine units, with what is not said", () => {
    const { flow } = read("{ hitRate: 0.45, dataQuality: 0.95, maxAge: 1000ms }");
    expect(flow.breakers).toEqual({
      response: "HALT",
      modelDecay: { leastBps: 4_500, outcomes: 200 },
      dataQuality: { leastBps: 9_500, bars: 500, every: null },
      maxAgeUs: 1_000_000,
    });
    const other = read(
      "{ response: reduce, hitRate: 0.5, outcomes: 9, dataQuality: 0.9, bars: 7, barEvery: 60s, closedAfter: 90m }",
    );
    expect(other.flow.breakers).toEqual({
      response: "REDUCE_ONLY",
      modelDecay: { leastBps: 5_000, outcomes: 9 },
      dataQuality: {
        leastBps: 9_000,
        bars: 7,
        every: { barUs: 60_000_000, closedUs: 5_400_000_000 },
      },
      maxAgeUs: null,
    });
    expect(configFromText(other.document, PATH).canonical).toEqual(other.canonical);
  });

  test("that switches nothing on is as if it were not there", () => {
    const plain = configFromText("tape: x", PATH).canonical;
    for (const text of ["{}", "{ hitRate: off, maxAge: off, dataQuality: null }"]) {
      expect(read(text).flow.breakers).toBeUndefined();
      expect(read(text).canonical).toEqual(plain);
    }
  });

  test.each([
    ["{ outcomes: 5 }", /risk\.breakers\.outcomes.*does nothing without risk\.breakers\.hitRate/],
    ["{ hitRate: 0.4, bars: 5 }", /does nothing without risk\.breakers\.dataQuality/],
    ["{ dataQuality: 0.9, closedAfter: 1h }", /does nothing without risk\.breakers\.barEvery/],
    ["{ dataQuality: 0.9, barEvery: 3h }", /must be longer than barEvery/],
    ["{ response: reduce }", /does nothing without one of hitRate, dataQuality, maxAge/],
    ["{ hitRate: 45 }", /45 % is 0\.45/],
  ])("%s is refused with the reason", (text, reason) => {
    let said = "";
    try {
      read(text);
    } catch (error) {
      said = JSON.stringify([(error as Error).message, error]);
    }
    expect(said).toMatch(reason);
  });
});
