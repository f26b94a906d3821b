import { describe, expect, test } from "vitest";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { Forecast } from "../../schemas/generated/forecasts.ts";
import { command } from "../../streams/testing/facts.ts";
import type { ExpectedReturns, OptimiserConfig } from "../optimiser-config.ts";
import { expectedOf, moveOutlook, noOutlook, takeCommand, takeForecast } from "./outlook.ts";

const BAR_US = 60_000_000;
const NOW_US = 1_000_000_000;
const ASSETS = ["A", "B", "C"];

const forecast = (symbol: string, mean: number, changes: Partial<Forecast> = {}): Forecast => ({
  symbol,
  model: "m",
  horizonUs: BAR_US,
  mean,
  lower: mean - 1,
  upper: mean + 1,
  coverage: 0.9,
  alpha: 0.1,
  kappaPlus: 1,
  verdict: "PASS",
  ...changes,
});

const view = (symbol: string, changes: Partial<ControlCommand> = {}): ControlCommand =>
  command("SetOverlay", {
    overlay: "VIEW",
    symbol,
    value: 210,
    confidenceBps: 6_000,
    untilUs: NOW_US + BAR_US,
    ...changes,
  });

const byForecasts: ExpectedReturns = { from: { kind: "FORECASTS", barUs: BAR_US } };
const bent = (weights: "HELD" | Record<string, number> = "HELD"): ExpectedReturns => ({
  ...byForecasts,
  equilibrium: { weights, riskAversion: 3, tau: 0.1, viewBars: 21 },
});

const known = (...forecasts: readonly Forecast[]) => {
  const outlook = noOutlook();
  for (const one of forecasts) takeForecast(outlook, one, NOW_US, BAR_US);
  return outlook;
};

const asked = (
  outlook: ReturnType<typeof noOutlook>,
  expected: ExpectedReturns,
  {
    current = [0.5, 0.2, 0],
    strengths = {} as Record<string, number>,
    nowUs = NOW_US,
    scenarios = { kind: "HISTORICAL" } as ScenarioRecipe,
  } = {},
) => {
  const config = { expected, scenarios } as OptimiserConfig;
  const strengthOf = (symbol: string): number => strengths[symbol] ?? 0;
  return expectedOf(outlook, config, ASSETS, current, strengthOf, nowUs);
};

describe("expected returns as they are", () => {
  test("are a forecast's mean: whole, half or nothing by its verdict, and nothing of what has none", () => {
    const outlook = known(
      forecast("A", 0.01),
      forecast("B", 0.02, { verdict: "DERISK" }),
      forecast("C", 0.03, { verdict: "BLOCK" }),
    );
    expect(asked(outlook, byForecasts)).toEqual({ expectedReturns: [0.01, 0.01, 0] });
    expect(asked(known(forecast("B", -0.02)), byForecasts).expectedReturns).toEqual([0, -0.02, 0]);
  });

  test("are of one bar of a longer horizon, and count until it is over", () => {
    const outlook = known(forecast("A", 0.04, { horizonUs: 4 * BAR_US }));
    const past = (bars: number) =>
      asked(outlook, byForecasts, { nowUs: NOW_US + bars * BAR_US }).expectedReturns;
    expect([past(0), past(3.99), past(4)]).toEqual([
      [0.01, 0, 0],
      [0.01, 0, 0],
      [0, 0, 0],
    ]);
  });

  test.each([{ horizonUs: 0 }, { mean: Number.NaN }, { coverage: 1.5 }, { coverage: Number.NaN }])(
    "are nothing after a forecast that says nothing: %j",
    (changes) => {
      const outlook = known(forecast("A", 0.01), forecast("A", 0.01, changes));
      expect(asked(outlook, byForecasts).expectedReturns).toEqual([0, 0, 0]);
    },
  );

  test("are of as many bars as a scenario spans, views too", () => {
    const scenarios: ScenarioRecipe = {
      kind: "FILTERED_HISTORICAL",
      count: 9,
      seed: 1,
      horizon: 5,
    };
    const outlook = known(forecast("A", 0.01));
    takeCommand(outlook, view("B"), NOW_US, undefined);
    expect(asked(outlook, byForecasts, { scenarios }).expectedReturns).toEqual([0.05, 0, 0]);
    const { beliefs } = asked(outlook, bent(), { scenarios });
    expect(beliefs?.views.map(({ value }) => value)).toEqual([0.05, 0.005]);
  });

  test("follow the symbol to another name, and end with it", () => {
    const outlook = known(forecast("A", 0.01), forecast("B", 0.02));
    moveOutlook(outlook, "A", "C");
    moveOutlook(outlook, "B", null);
    expect(asked(outlook, byForecasts).expectedReturns).toEqual([0, 0, 0.01]);
  });
});

describe("views on an equilibrium", () => {
  test("are forecasts, trusted by their coverage; a blocked one is no view", () => {
    const outlook = known(
      forecast("A", 0.01),
      forecast("B", 0.02, { verdict: "DERISK" }),
      forecast("C", 0.03, { verdict: "BLOCK" }),
    );
    expect(asked(outlook, bent())).toEqual({
      beliefs: {
        weights: [0.5, 0.2, 0],
        riskAversion: 3,
        tau: 0.1,
        views: [
          { of: { A: 1 }, value: 0.01, confidence: 0.9 },
          { of: { B: 1 }, value: 0.02, confidence: 0.45 },
        ],
      },
    });
  });

  test("are signals, trusted as configured; none of a signal of 0", () => {
    const from = { kind: "SIGNALS", atOne: 0.002, confidence: 0.3 } as const;
    const { beliefs } = asked(known(), { ...bent(), from }, { strengths: { B: -0.5 } });
    expect(beliefs?.views).toEqual([{ of: { B: 1 }, value: -0.001, confidence: 0.3 }]);
  });

  test.each([
    ["what is held", "HELD", [0.5, 0.2, 0], [0.5, 0.2, 0]],
    ["equal weights where nothing is held", "HELD", [0, 0, 0], [1 / 3, 1 / 3, 1 / 3]],
    ["a market, of what is asked about", { A: 30, C: 10, Z: 60 }, [0, 0, 0], [0.75, 0, 0.25]],
    ["equal weights of a market of others", { Z: 60 }, [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]],
  ] as const)("begin at %s", (_, weights, current, prior) => {
    const { beliefs } = asked(known(), bent(weights as "HELD"), { current: [...current] });
    expect(beliefs?.weights).toEqual(prior);
  });
});

describe("a person's view", () => {
  const viewed = (...commands: readonly ControlCommand[]) => {
    const outlook = known(forecast("A", 0.01));
    for (const one of commands) takeCommand(outlook, one, NOW_US, undefined);
    return (nowUs = NOW_US) => asked(outlook, bent(), { nowUs }).beliefs?.views;
  };
  const model = { of: { A: 1 }, value: 0.01, confidence: 0.9 };

  test("takes the place of the model's on its symbol, spread over its bars, while it is on", () => {
    const views = viewed(view("A", { fromUs: NOW_US + 10 }));
    expect(views(NOW_US + 9)).toEqual([model]);
    expect(views(NOW_US + 10)).toEqual([{ of: { A: 1 }, value: 0.021 / 21, confidence: 0.6 }]);
    expect(views(NOW_US + BAR_US - 1)?.[0]?.confidence).toBe(0.6);
    expect(viewed(view("B"))()).toEqual([model, { of: { B: 1 }, value: 0.001, confidence: 0.6 }]);
  });

  test("ends when it is over, lifted, or another takes its place", () => {
    expect(viewed(view("B"))(NOW_US + BAR_US)).toEqual([]);
    expect(viewed(view("B"), command("LiftOverlay", { symbol: "B" }))()).toEqual([model]);
    const lifted = { symbol: "B", overlay: "TARGET" } as const;
    expect(viewed(view("B"), command("LiftOverlay", lifted))()).toHaveLength(2);
    const [, other] = viewed(view("B"), view("B", { value: -420 }))() ?? [];
    expect(other?.value).toBe(-0.002);
  });

  test.each([
    ["without a name", { who: "" }],
    ["that ends before it begins", { untilUs: NOW_US - 1 }],
    ["of no confidence", { confidenceBps: null }],
    ["of another kind", { overlay: "TARGET" }],
  ] as const)("%s does not count", (_, changes) => {
    expect(viewed(view("B"), view("B", { value: 999, ...changes }))()?.[1]?.value).toBe(0.001);
  });

  test("counts only of who may, where people are listed", () => {
    const outlook = known();
    takeCommand(outlook, view("A"), NOW_US, { bob: ["overlays"], ann: ["enable"] });
    expect(asked(outlook, bent()).beliefs?.views).toEqual([]);
    takeCommand(outlook, view("A", { who: "bob" }), NOW_US, { bob: ["overlays"] });
    expect(asked(outlook, bent()).beliefs?.views).toHaveLength(1);
  });
});
