// HiGHS' own search for portfolios of few names, on the same program: the judge of ours, and what it is measured beside.
// Promises: a portfolio's value and a bound as HiGHS states them; infinite where its time was not enough for any.

import type { NameChoice } from "../name-states.ts";
import type { Program } from "../program.ts";
import { elasticProgram } from "./elastic-program.ts";
import { highs, primalModel } from "./highs-oracle.spec.ts";

export interface NamesByHighs {
  readonly upper: number;
  readonly lower: number;
}

/** Of programs with one variable a name, from 0 on; `gap` relative. */
export function namesByHighs(
  program: Program,
  choice: NameChoice,
  {
    seconds,
    gap,
    presolve = "choose",
  }: { readonly seconds: number; readonly gap: number; readonly presolve?: "choose" | "off" },
): NamesByHighs {
  const elastic = elasticProgram(withHeld(program, choice), false);
  const data = primalModel(elastic);
  const { continuous, integer } = highs.constants.variableType;
  const integrality = new Int32Array(data.numCols).fill(continuous);
  integrality.fill(integer, program.variables, 2 * program.variables);
  return highs.withModel({ ...data, integrality }, (model): NamesByHighs => {
    model.options.set({ output_flag: false, time_limit: seconds, mip_rel_gap: gap, presolve });
    model.run();
    const unit = elastic.unit;
    const objective = model.info.get("objective_function_value") as number;
    const bound = model.info.get("mip_dual_bound") as number;
    const found = (model.info.get("primal_solution_status") as number) === 2;
    return { upper: found ? objective * unit : Number.POSITIVE_INFINITY, lower: bound * unit };
  });
}

/** With a variable more for each name, 1 where it is held: minimumPosition · z ≤ x ≤ most · z, Σ z ≤ maximumNames. */
function withHeld(program: Program, { minimumPosition, maximumNames }: NameChoice): Program {
  const { variables: n, rows, holdings } = program;
  if (holdings.assets !== n || program.lower.some((low) => low !== 0)) {
    throw new RangeError("the model is of programs with one variable a name, from 0 on");
  }
  const variables = 2 * n;
  const count = rows.count + 2 * n + 1;
  const coefficients = new Float64Array(count * variables);
  for (let i = 0; i < rows.count; i++) {
    coefficients.set(rows.coefficients.subarray(i * n, (i + 1) * n), i * variables);
  }
  const lower = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  const upper = new Float64Array(count);
  lower.set(rows.lower);
  upper.set(rows.upper);
  for (let j = 0; j < n; j++) {
    const [most, least] = [rows.count + 2 * j, rows.count + 2 * j + 1];
    coefficients[most * variables + j] = 1;
    coefficients[most * variables + n + j] = -Math.min(1, program.upper[j] as number);
    coefficients[least * variables + j] = -1;
    coefficients[least * variables + n + j] = minimumPosition;
  }
  coefficients.fill(1, (count - 1) * variables + n);
  upper[count - 1] = maximumNames;
  const twice = (values: Float64Array, rest: number): Float64Array => {
    const all = new Float64Array(variables).fill(rest);
    all.set(values);
    return all;
  };
  return {
    ...program,
    variables,
    cost: twice(program.cost, 0),
    lower: twice(program.lower, 0),
    upper: twice(program.upper, 1),
    rows: { count, coefficients, lower, upper },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: variables }, (_, j) =>
        j < n ? (holdings.asset[j] ?? -1) : -1,
      ),
      sign: twice(holdings.sign, 1),
    },
  };
}
