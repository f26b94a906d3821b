import { describe, expect, test } from "vitest";
import type { Outcome, Program } from "../program.ts";
import { scenariosThatHappen } from "./elastic-program.ts";
import { askHighs, judge } from "./judged-outcome.spec.ts";
import { randomProgram } from "./random-program.ts";

const LINEAR = ["LINEAR", "CVAR", "MEAN_CVAR"] as const;

function answerOfHighs(program: Program): Extract<Outcome, { x: Float64Array }> | null {
  const { verdict, upper, lower } = askHighs(program);
  if (verdict.status !== "OPTIMAL") return null;
  const happens = program.tail ? scenariosThatHappen(program.tail.scenarios.probabilities) : [];
  const duals = {
    rows: verdict.rows,
    scenarios: Int32Array.from(happens),
    masses: verdict.masses,
  };
  const certificate = { upper, lower, feasibility: 0 };
  return { status: "OPTIMAL", x: verdict.x, duals, certificate, pivots: 0 };
}

describe("the judge of outcomes", () => {
  test("HiGHS' own answers pass", () => {
    const found: string[] = [];
    let answers = 0;
    for (let index = 0; index < 200; index++) {
      const { program, about } = randomProgram(9, index, { kinds: LINEAR });
      const answer = answerOfHighs(program);
      if (answer === null) continue;
      answers++;
      const { wrong } = judge(program, answer);
      if (wrong !== null) found.push(`${index} ${wrong} ${about}`);
    }
    expect(found).toEqual([]);
    expect(answers).toBeGreaterThan(90);
  });

  describe("refuses", () => {
    const { program } = randomProgram(9, 2, { kinds: ["CVAR"] });
    const answer = answerOfHighs(program) as NonNullable<ReturnType<typeof answerOfHighs>>;

    test.each<readonly [string, Outcome, RegExp]>([
      ["weights that break a limit", { ...answer, x: answer.x.map((x) => x * 1.01) }, /infeasible/],
      [
        "an upper bound that is not the objective",
        {
          ...answer,
          certificate: { ...answer.certificate, upper: answer.certificate.upper * 0.99 },
        },
        /not the objective/,
      ],
      [
        "a lower bound that the duals do not prove",
        {
          ...answer,
          duals: { ...answer.duals, rows: answer.duals.rows.map((price) => price * 0.9) },
        },
        /above what the duals prove/,
      ],
      [
        "a false 'infeasible'",
        { status: "INFEASIBLE", rows: answer.duals.rows, pivots: 0 },
        /HiGHS has a point/,
      ],
      ["a false 'unbounded'", { status: "UNBOUNDED", ray: answer.x, pivots: 0 }, /UNBOUNDED/],
    ])("%s", (_, outcome, word) => {
      expect(judge(program, answer).wrong).toBeNull();
      expect(judge(program, outcome).wrong).toMatch(word);
    });
  });
});
