// HiGHS (npm `highs`) as the independent judge of our solvers, in each of the forms that a program can be put in.
// Promises: an optimum that HiGHS proved, or its word that there is none, or UNKNOWN; never a guess.

import loadHighs, { type Highs, type Model, type ModelData } from "highs";
import type { Program } from "../program.ts";
import { type ElasticProgram, elasticProgram } from "./elastic-program.ts";

// Its types are those of CommonJS, what Node loads is the module: the function is there without a default.
export const highs: Highs = await (loadHighs as unknown as typeof loadHighs.default)();

/** PRIMAL: a row a scenario; DUAL: a column a scenario. COMPACT: with the net weights as variables. */
export type Form = "PRIMAL" | "DUAL" | "COMPACT_PRIMAL" | "COMPACT_DUAL";

export interface OracleOptions {
  readonly form?: Form;
  readonly solver?: "simplex" | "ipm" | "choose";
  readonly presolve?: "on" | "off" | "choose";
  readonly seconds?: number;
}

export type Verdict =
  | {
      readonly status: "OPTIMAL";
      readonly x: Float64Array;
      readonly objective: number;
      /** As in `Duals`: of the rows of the program. */
      readonly rows: Float64Array;
      /** Of each scenario that can happen, in order; at most p / mass. */
      readonly masses: Float64Array;
    }
  | { readonly status: "INFEASIBLE" | "UNBOUNDED" | "INFEASIBLE_OR_UNBOUNDED" }
  | { readonly status: "UNKNOWN"; readonly word: string };

const bound = (value: number): number =>
  Number.isFinite(value) ? value : value > 0 ? highs.infinity : -highs.infinity;

const bounds = (values: Float64Array): Float64Array => values.map(bound);

/** A row that gives way has a variable for how far. */
export function primalModel(program: ElasticProgram): ModelData {
  const { variables, rows, starts, indices, values, price } = program;
  const soft: number[] = [];
  for (let i = 0; i < rows; i++) if (Number.isFinite(price[i])) soft.push(i);
  const size = indices.length + soft.length;
  const all = { starts: new Int32Array(rows + 1), indices: new Int32Array(size) };
  const numbers = new Float64Array(size);
  const columns = variables + soft.length;
  const colCost = new Float64Array(columns);
  colCost.set(program.cost);
  const colLower = new Float64Array(columns);
  colLower.set(program.lower);
  const colUpper = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  colUpper.set(program.upper);
  let [at, extra] = [0, variables];
  for (let i = 0; i < rows; i++) {
    for (let k = starts[i] as number; k < (starts[i + 1] as number); k++) {
      all.indices[at] = indices[k] as number;
      numbers[at++] = values[k] as number;
    }
    if (Number.isFinite(price[i])) {
      colCost[extra] = price[i] as number;
      all.indices[at] = extra++;
      numbers[at++] = 1;
    }
    all.starts[i + 1] = at;
  }
  return {
    numCols: columns,
    numRows: rows,
    colCost,
    colLower: bounds(colLower),
    colUpper: bounds(colUpper),
    rowLower: bounds(program.rowLower),
    rowUpper: bounds(program.rowUpper),
    matrix: { format: "csr", numRows: rows, numCols: columns, ...all, values: numbers },
  };
}

/** Columns of the dual: one a row of the program, a second where a row has two limits, bounds after them. */
interface DualModel {
  readonly model: ModelData;
  /** The row that column rows + k is the upper limit of. */
  readonly uppers: readonly number[];
}

/** Its rows are the variables of the program, its row duals their values. */
export function dualModel(program: ElasticProgram): DualModel {
  const { variables, rows, price, rowLower, rowUpper } = program;
  const isEqual = (i: number): boolean => rowLower[i] === rowUpper[i];
  const cost: number[] = [];
  const colLower: number[] = [];
  const colUpper: number[] = [];
  const uppers: number[] = [];
  for (let i = 0; i < rows; i++) {
    const [least, most] = [rowLower[i] as number, rowUpper[i] as number];
    const hasLower = Number.isFinite(least);
    if (!hasLower && Number.isFinite(most)) {
      cost.push(most);
      colLower.push(-highs.infinity);
      colUpper.push(0);
      continue;
    }
    cost.push(hasLower ? least : 0);
    colLower.push(isEqual(i) ? -highs.infinity : 0);
    colUpper.push(hasLower ? bound(price[i] as number) : 0);
    if (hasLower && Number.isFinite(most) && !isEqual(i)) uppers.push(i);
  }
  const size = program.indices.length;
  const extraStarts: number[] = [];
  const extraIndices: number[] = [];
  const extraValues: number[] = [];
  for (const i of uppers) {
    extraStarts.push(size + extraIndices.length);
    for (let k = program.starts[i] as number; k < (program.starts[i + 1] as number); k++) {
      extraIndices.push(program.indices[k] as number);
      extraValues.push(program.values[k] as number);
    }
    cost.push(rowUpper[i] as number);
    colLower.push(-highs.infinity);
    colUpper.push(0);
  }
  const least = new Float64Array(variables);
  const most = new Float64Array(variables);
  for (let j = 0; j < variables; j++) {
    const [lower, upper] = [program.lower[j] as number, program.upper[j] as number];
    least[j] = most[j] = program.cost[j] as number;
    const single = (limit: number, from: number, to: number): void => {
      extraStarts.push(size + extraIndices.length);
      extraIndices.push(j);
      extraValues.push(1);
      cost.push(limit);
      colLower.push(from);
      colUpper.push(to);
    };
    if (lower === 0) least[j] = -highs.infinity;
    else if (Number.isFinite(lower)) single(lower, 0, highs.infinity);
    if (upper === 0) most[j] = highs.infinity;
    else if (Number.isFinite(upper)) single(upper, -highs.infinity, 0);
  }
  const join = <T extends Int32Array | Float64Array>(into: T, first: T, rest: number[]): T => {
    into.set(first);
    into.set(rest, first.length);
    return into;
  };
  const total = size + extraIndices.length;
  const starts = join(
    new Int32Array(cost.length + 1),
    program.starts.subarray(0, rows) as Int32Array,
    [...extraStarts, total],
  );
  const indices = join(new Int32Array(total), program.indices, extraIndices);
  const values = join(new Float64Array(total), program.values, extraValues);
  const shape = { numRows: variables, numCols: cost.length };
  return {
    uppers,
    model: {
      ...shape,
      sense: highs.constants.objectiveSense.maximize,
      colCost: Float64Array.from(cost),
      colLower: Float64Array.from(colLower),
      colUpper: Float64Array.from(colUpper),
      rowLower: least,
      rowUpper: most,
      matrix: { format: "csc", ...shape, starts, indices, values },
    },
  };
}

export function configure(model: Model, options: OracleOptions): void {
  model.options.set({
    output_flag: false,
    primal_feasibility_tolerance: 1e-10,
    dual_feasibility_tolerance: 1e-10,
    solver: options.solver ?? "choose",
    presolve: options.presolve ?? "choose",
    small_matrix_value: 1e-12,
    time_limit: options.seconds ?? 60,
  });
}

type StatusWord = "OPTIMAL" | "INFEASIBLE" | "UNBOUNDED" | "INFEASIBLE_OR_UNBOUNDED" | null;

export function statusOf(model: Model, dual: boolean): StatusWord {
  const { modelStatus } = highs.constants;
  const status = model.getModelStatus();
  if (status === modelStatus.optimal) return "OPTIMAL";
  if (status === modelStatus.infeasible) return dual ? "INFEASIBLE_OR_UNBOUNDED" : "INFEASIBLE";
  if (status === modelStatus.unbounded) return dual ? "INFEASIBLE" : "UNBOUNDED";
  return status === modelStatus.unboundedOrInfeasible ? "INFEASIBLE_OR_UNBOUNDED" : null;
}

/** HiGHS takes no figure that is not a number, nor one beyond 1e15. */
const LARGEST = 1e15;

const isLoadable = ({ colCost, matrix }: ModelData): boolean =>
  Array.from(colCost).every((value) => Math.abs(value) < LARGEST) &&
  Array.from(matrix.values).every((value) => Math.abs(value) < LARGEST);

/** What HiGHS says where it gives up; null where it does not. Any other error is one. */
function failureOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === "HighsError") return error.message;
    throw error;
  }
}

/** Of the linear part and the tail; smooth terms are not looked at. */
export function solveByHighs(program: Program, options: OracleOptions = {}): Verdict {
  const form = options.form ?? "DUAL";
  const elastic = elasticProgram(program, form.startsWith("COMPACT"));
  const isDual = form.endsWith("DUAL");
  const dual = isDual ? dualModel(elastic) : null;
  const data = dual?.model ?? primalModel(elastic);
  if (!isLoadable(data)) return { status: "UNKNOWN", word: "a figure is beyond what HiGHS takes" };
  return highs.withModel(data, (model): Verdict => {
    configure(model, options);
    const failed = failureOf(() => model.run());
    if (failed !== null) return { status: "UNKNOWN", word: failed };
    const status = statusOf(model, isDual);
    if (status === null) return { status: "UNKNOWN", word: String(model.getModelStatus()) };
    if (status !== "OPTIMAL") return { status };
    const { colValue, rowDual } = model.getSolution();
    const prices = isDual ? colValue.slice(0, elastic.rows) : rowDual.slice(0, elastic.rows);
    dual?.uppers.forEach((row, k) => {
      prices[row] = (prices[row] as number) + (colValue[elastic.rows + k] as number);
    });
    const x = (isDual ? rowDual : colValue).slice(0, program.variables);
    const firstScenario =
      form.startsWith("COMPACT") && program.tail !== undefined
        ? program.rows.count + program.holdings.assets
        : program.rows.count;
    return {
      status: "OPTIMAL",
      x,
      objective: model.getObjectiveValue() * elastic.unit,
      rows: elastic.rowUnits.map((own, i) => ((prices[i] as number) * elastic.unit) / own),
      masses: prices.slice(firstScenario),
    };
  });
}
