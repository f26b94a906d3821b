import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { configFromText } from "./load-config.ts";
import { formatProblem, problemsOf } from "./problem.ts";

const read = (text: string) => configFromText(text, "run.yaml");
const risk = (text: string) => read(`tape: x\nrisk: { ${text} }`).flow.risk;

function findings(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return problemsOf(error).map((found) => formatProblem("f", found));
  }
  return [];
}

describe("checks of whole proposals", () => {
  test("come out in machine units, exactly", () => {
    const { proposals } = risk(`maxSector: 0.2, sectors: { A: tech }, maxNetExposure: 5.25,
      maxLeverage: 1.5, maxWeight: 0.25, maxHerfindahl: 0.2, maxBeta: 1.2, benchmark: SPY,
      maxValueAtRisk: 0.02, maxExpectedShortfall: 0.03, tailLevel: 0.99, maxCorrelation: 0.9,
      returnsWindow: 60, maxDaysToExit: 2.5, volumeShare: 0.05, volumeDays: 10,
      drawdownWarning: 0.1, drawdownClose: 0.2, maxDailyLoss: 0.03, maxWeeklyLoss: 0.06,
      dayStart: 12h, maxTradesADay: 7,
      capitalStages: [{ days: 0, capital: 1000 }, { days: 14, capital: 5000.5, sharpe: 1 }],
      blackouts: [{ from: "19:50", until: "20:05", days: [fri], symbol: A }],
      responses: { maxSector: deny, maxValueAtRisk: scale }`);
    expect(proposals).toEqual({
      maxSectorBps: 2_000,
      sectors: { A: "tech" },
      maxNetExposureMinor: 525,
      maxLeverageBps: 15_000,
      maxWeightBps: 2_500,
      maxHerfindahlBps: 2_000,
      maxBetaBps: 12_000,
      benchmark: "SPY",
      maxValueAtRiskBps: 200,
      maxExpectedShortfallBps: 300,
      tailBps: 100,
      maxCorrelationBps: 9_000,
      returnsWindow: 60,
      maxDaysToExitHundredths: 250,
      volumeShareBps: 500,
      volumeDays: 10,
      drawdownWarningBps: 1_000,
      drawdownCloseBps: 2_000,
      maxDailyLossBps: 300,
      maxWeeklyLossBps: 600,
      dayStartUs: 43_200_000_000,
      maxTradesADay: 7,
      capitalStages: [
        { days: 0, sharpe: null, capitalMinor: 100_000 },
        { days: 14, sharpe: 1, capitalMinor: 500_050 },
      ],
      blackouts: [{ symbol: "A", weekdays: [4], fromUs: 71_400_000_000, untilUs: 72_300_000_000 }],
      responses: { maxSector: "deny", maxValueAtRisk: "scale" },
    });
  });

  test("that are off leave no trace, in the settings either", () => {
    const bare = read("tape: x");
    const off = read("tape: x\nrisk: { maxLeverage: off, maxWeight: null, responses: {} }");
    expect(off.flow.risk).toEqual(bare.flow.risk);
    expect(bare.flow.risk).not.toHaveProperty("proposals");
    expect(off.canonical).toEqual(bare.canonical);
  });

  test.each([
    ["sectors: { A: tech }", "risk.sectors: does nothing without risk.maxSector"],
    ["benchmark: SPY", "risk.benchmark: does nothing without risk.maxBeta"],
    ["maxBeta: 1", "risk.maxBeta: needs risk.benchmark"],
    ["tailLevel: 0.9", "risk.tailLevel: does nothing without risk.maxValueAtRisk or"],
    ["volumeDays: 3", "risk.volumeDays: does nothing without risk.maxDaysToExit"],
    ["maxDailyLoss: 0.1, dayStart: 24h", 'risk.dayStart: found "24h"; must be less than 24h'],
    ["maxLeverage: 1.00001", "risk.maxLeverage: found 1.00001; must be in steps of 0.0001"],
    ['blackouts: [{ from: "25:00", until: "20:00" }]', "risk.blackouts[0].from: found"],
    ["responses: { maxBeta: halve }", "risk.responses.maxBeta: found"],
    ["capitalStages: [{ days: 3, capital: 1 }, { days: 3, capital: 2 }]", "must be above 3"],
  ])("%s is refused with its place", (text, message) => {
    expect(findings(`tape: x\nrisk: { ${text} }`).join()).toContain(message);
  });
});

describe("overlays among the commands", () => {
  const given = (text: string) =>
    read(`tape: x\ncommands: [{ at: 2013-10-07T14:00:00Z, who: ann, why: news, ${text} }]`);

  test("name kind, symbol, times and weight", () => {
    const target =
      "command: SetOverlay, overlay: target, symbol: A, weight: -0.25, until: 2013-10-08";
    expect(given(target).commands[0]?.value).toEqual({
      portfolio: "main",
      command: "SetOverlay",
      who: "ann",
      why: "news",
      limit: null,
      value: -2_500,
      overlay: "TARGET",
      symbol: "A",
      fromUs: null,
      untilUs: 1_381_190_400_000_000,
      confidenceBps: null,
    });
    expect(given("command: LiftOverlay").commands[0]?.value).toMatchObject({
      overlay: null,
      symbol: "",
    });
  });

  test("have one canonical form of their times", () => {
    const one = "command: SetOverlay, overlay: blackout, from: 2013-10-07T16:00:00+02:00";
    const same = "command: SetOverlay, overlay: blackout, from: '2013-10-07 14:00Z'";
    expect(given(one).canonical).toEqual(given(same).canonical);
  });

  test.each([
    ["command: HaltTrading, overlay: blackout", "overlay: does not go with command HaltTrading"],
    ["command: SetOverlay", "overlay is missing"],
    ["command: SetOverlay, overlay: target, symbol: A", "needs its symbol and its weight"],
    ["command: HaltTrading, weight: 1", "weight: goes with overlay target alone"],
    [
      "command: SetOverlay, overlay: blackout, until: 2013-10-07",
      "must be after the overlay begins",
    ],
    ["command: LiftOverlay, from: 2013-10-08", "from: does not go with command LiftOverlay"],
  ])("%s is refused", (text, message) => {
    expect(
      findings(`tape: x\ncommands: [{ at: 2013-10-07T14:00:00Z, who: a, why: b, ${text} }]`).join(),
    ).toContain(message);
  });
});

describe("who may, and how far", () => {
  test("names have one form, ceilings and stops machine units", () => {
    const { flow } = read(`tape: x
portfolio: { people: { " Ann": [enable, override], bob: [limits, overlays] } }
risk: { maxPriceAge: 3m, drawdownReduceTo: 0.5, returnsBy: bar, ceilings: { maxPosition: 2000, maxLeverage: 2.5, maxDaysToExit: 2.5 } }`);
    expect(flow.portfolio.people).toEqual({
      ann: ["enable", "override"],
      bob: ["limits", "overlays"],
    });
    expect(flow.risk).toMatchObject({
      maxPriceAgeUs: 180_000_000,
      drawdownReduceToBps: 5_000,
      ceilings: { maxPosition: 2_000, maxLeverageBps: 25_000, maxDaysToExitHundredths: 250 },
    });
    expect(flow.risk.proposals).toBeUndefined();
  });

  test("a view and a limit of the book are commands", () => {
    const { commands } = read(`tape: x
commands:
  - { at: 2013-10-07, who: a, why: b, command: SetOverlay, overlay: view, symbol: A, expectedReturn: -0.03, confidence: 0.6, until: 2013-10-09 }
  - { at: 2013-10-07, who: a, why: b, command: SetLimit, limit: maxExpectedShortfall, value: 0.015 }`);
    expect(commands.map(({ value }) => value)).toMatchObject([
      { overlay: "VIEW", symbol: "A", value: -300, confidenceBps: 6_000 },
      { limit: "maxExpectedShortfallBps", value: 150, confidenceBps: null },
    ]);
  });

  test.each([
    ["portfolio: { people: { ann: [], Ann: [] } }", "twice; case and space make no other person"],
    ["portfolio: { people: { ann: [enabel] } }", "enabel"],
    ["risk: { maxDrawdown: off, drawdownReduceTo: 0.5 }", "does nothing without risk.maxDrawdown"],
    ["risk: { ceilings: { maxPosition: 999 } }", "must not be below risk.maxPosition (1000)"],
    ["risk: { ceilings: { maxDrawdwon: 1 } }", "maxDrawdwon"],
    ["risk: { tailHorizon: 5 }", "does nothing without risk.maxValueAtRisk"],
    [
      "commands: [{ at: 2013-10-07, who: a, why: b, command: SetOverlay, overlay: target, symbol: A, weight: 1 }]",
      "the flow would refuse it: a TARGET says until when",
    ],
    [
      "commands: [{ at: 2013-10-07, who: a, why: b, command: SetOverlay, overlay: view, symbol: A, expectedReturn: 0.1, until: 2013-10-09 }]",
      "gives its confidence",
    ],
  ])("%s is refused", (text, message) => {
    expect(findings(`tape: x\n${text}`).join()).toContain(message);
  });
});
