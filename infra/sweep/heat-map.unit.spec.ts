import { describe, expect, test } from "vitest";
import { heatMap } from "./heat-map.ts";
import type { MeasureName } from "./measures.ts";
import type { Sweep } from "./sweep.ts";
import type { TrialAnswer } from "./trial.ts";

/** Sets over one axis or two, with what each came to; null was not run. */
function mapOf(
  values: readonly (number | null)[],
  axes: Sweep["axes"],
  sets: Sweep["sets"],
  measure: MeasureName = "sharpe",
): readonly string[] {
  const answers = values.map((value) =>
    value === null
      ? { state: "failed", why: "" }
      : { state: "done", metrics: { [measure]: value }, days: null },
  ) as unknown as readonly TrialAnswer[];
  const html = heatMap({ axes, sets, answers, order: [0], measure } as unknown as Sweep);
  return [...html.matchAll(/<td class="(\S+)(?: best)?">([^<]*)</g)].map(
    ([, shade = "", text = ""]) => `${shade} ${text}`,
  );
}

const fast = { key: "fast", values: ["1", "2", "3"] };
const line = [["1"], ["2"], ["3"]];

describe("a heat map", () => {
  test("of one setting is a strip, shaded from the worst to the best", () => {
    expect(mapOf([0.6, 0.5, 0.7], [fast], line)).toEqual(["p6 0.60", "p1 0.50", "p10 0.70"]);
    expect(mapOf([-3, null, -1], [fast], line)).toEqual(["p1 −3", "none ·", "p10 −1"]);
  });

  test("of a cost is darkest where it is least, and even where all are the same", () => {
    const costs = mapOf([0.1, 0.3, 0.2], [fast], line, "maxDrawdown");
    expect(costs).toEqual(["p10 10.00 %", "p1 30.00 %", "p5 20.00 %"]);
    expect(mapOf([2, 2, 2], [fast], line)).toEqual(["p10 2", "p10 2", "p10 2"]);
  });

  test("of three settings has the best over the third in each cell", () => {
    const two = ["a", "b"];
    const axes = ["x", "y", "z"].map((key) => ({ key, values: two }));
    const sets = two.flatMap((x) => two.flatMap((y) => two.map((z) => [x, y, z])));
    expect(mapOf([1, 2, 3, 4, 5, 6, 7, 8], axes, sets).map((cell) => cell.split(" ")[1])).toEqual([
      "2",
      "4",
      "6",
      "8",
    ]);
  });
});
