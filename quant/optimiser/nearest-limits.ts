// Which limits an answer from the inside means: each weight, row and scenario is near one of two things and goes to the nearer,
// its limit or a price of 0. Promises: a point within its bounds and masses within theirs; what they are worth is not said.
//
// The test of R. Tapia (A. El-Bakry, R. Tapia, Y. Zhang, "A study of indicators for identifying zero variables in
// interior-point methods", SIAM Review 36(1), 1994), with shares of the sizes at hand in place of the last step's.

import { validMasses } from "./certificate.ts";
import type { Duals, Program } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import type { Answered } from "./sharpen.ts";
import { netWeights, scenarioLosses, valueAtRisk } from "./tail-loss.ts";

/** Of the largest slope's terms: slopes of smaller ones are the rounding of prices. */
const NOISE = 1e-12;
/** Of the largest weight: so small a trade is none. */
const NO_TRADE = 1e-9;

/** Cost: a pass over the scenarios. */
export function toNearestLimits(program: Program, { x, duals }: Answered): Answered {
  const { slope, size } = reducedCosts(program, x, duals);
  const far = Math.max(...x.map(Math.abs), 1e-300);
  const most = Math.max(...size);
  const point = x.map((value, j) => {
    const low = program.lower[j] as number;
    const high = program.upper[j] as number;
    const isNoise = (size[j] as number) <= NOISE * most;
    const share = isNoise ? 0 : (slope[j] as number) / (size[j] as number);
    const trade = tradeAt(program, j, value, slope[j] as number);
    const least = NO_TRADE * far;
    if (trade !== null && (Math.abs(trade) <= least || Math.abs(value) <= least)) {
      return Math.min(Math.max(trade, low), high);
    }
    if ((value - low) / far < share) return low;
    return (high - value) / far < -share ? high : value;
  });
  const rows = nearestPrices(program, x, duals.rows);
  return { x: point, duals: { ...nearestMasses(program, x, duals), rows } };
}

/** What is traded best where the rest of the slope is as it is; null where trading has no impact. */
function tradeAt({ smooth = [] }: Program, j: number, x: number, slope: number): number | null {
  let impact = 0;
  for (const term of smooth) if (term.kind === "IMPACT") impact += term.coefficients[j] as number;
  if (impact === 0) return null;
  const rest = slope - 1.5 * impact * Math.sign(x) * Math.sqrt(Math.abs(x));
  const root = rest / (1.5 * impact);
  return -Math.sign(rest) * root * root;
}

function nearestPrices(
  { rows, variables }: Program,
  x: Float64Array,
  prices: Float64Array,
): Float64Array {
  const largest = new Float64Array(rows.count);
  const slack = new Float64Array(rows.count);
  for (let i = 0; i < rows.count; i++) {
    let [sum, terms] = [0, 0];
    for (let j = 0; j < variables; j++) {
      const coefficient = rows.coefficients[i * variables + j] as number;
      sum += coefficient * (x[j] as number);
      terms += Math.abs(coefficient * (x[j] as number));
      largest[i] = Math.max(largest[i] as number, Math.abs(coefficient));
    }
    const limit = ((prices[i] as number) > 0 ? rows.lower[i] : rows.upper[i]) as number;
    slack[i] = Math.abs(sum - limit) / Math.max(terms, Math.abs(limit), 1e-300);
  }
  const effects = prices.map((price, i) => Math.abs(price) * (largest[i] as number));
  const most = Math.max(...effects, 1e-300);
  return prices.map((price, i) =>
    rows.lower[i] === rows.upper[i] || (effects[i] as number) / most > (slack[i] as number)
      ? price
      : 0,
  );
}

function nearestMasses(
  { tail, holdings }: Program,
  x: Float64Array,
  { scenarios, masses }: Duals,
): Pick<Duals, "scenarios" | "masses"> {
  if (tail === undefined) return { scenarios, masses };
  const { probabilities } = tail.scenarios;
  const losses = scenarioLosses(tail.scenarios, netWeights(holdings, x));
  const threshold = valueAtRisk(losses, probabilities, tail.mass);
  const spread =
    losses.reduce((sum, loss) => sum + Math.abs(loss - threshold), 0) / losses.length || 1;
  const moved = masses.map((mass, k) => {
    const s = scenarios[k] as number;
    const whole = (probabilities[s] as number) / tail.mass;
    const above = ((losses[s] as number) - threshold) / spread;
    const part = Math.min(mass, whole - mass) / (whole || 1);
    return part > Math.abs(above) ? mass : above > 0 ? whole : 0;
  });
  const whole = validMasses(tail, scenarios, moved);
  return { scenarios, masses: whole ?? masses };
}
