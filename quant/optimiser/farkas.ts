// Whether prices of rows prove that nothing keeps to all rows and bounds (J. Farkas, Journal für die reine und angewandte
// Mathematik 124, 1902). Promises: sums without rounding; what is proven does not hang on the last digit of a limit.

import { ExactSums, HALF_DIGIT } from "./exact-sums.ts";
import type { Program } from "./program.ts";

/** Of what is summed: six caps of a sixth are 1 but for that. */
const NOTHING = 2 ** -46;

/** The rows together ask for more than bounds allow, by more than limits are rounded. Cost: rows × variables. */
export function provesEmpty(program: Program, prices: Float64Array): boolean {
  const { variables, rows, lower, upper } = program;
  const demands = new ExactSums(variables);
  const sizes = new Float64Array(variables);
  const asked = new ExactSums(1);
  let size = 0;
  const ask = (price: number, limit: number): void => {
    asked.addProduct(0, price, limit);
    size += Math.abs(price * limit);
  };
  for (let i = 0; i < rows.count; i++) {
    const price = prices[i] as number;
    if (price === 0) continue;
    ask(price, (price > 0 ? rows.lower[i] : rows.upper[i]) as number);
    for (let j = 0; j < variables; j++) {
      const coefficient = rows.coefficients[i * variables + j] as number;
      demands.addProduct(j, price, coefficient);
      sizes[j] = (sizes[j] as number) + Math.abs(price * coefficient);
    }
  }
  for (let j = 0; j < variables; j++) {
    const demand = demands.value(j);
    if (demand === 0) continue;
    const most = (demand > 0 ? upper[j] : lower[j]) as number;
    if (Number.isFinite(most)) ask(-demand, most);
    else if (Math.abs(demand) > HALF_DIGIT * rows.count * (sizes[j] as number)) return false;
  }
  return asked.value(0) > NOTHING * size;
}
