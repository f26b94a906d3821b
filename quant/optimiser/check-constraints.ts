// Whether constraints can be computed with. Promises: as check-problem.ts; a name that is no constraint's, or no asset's,
// is refused rather than ignored.

import { checkValues } from "./check-problem.ts";
import type { Constraints, Problem, Range } from "./problem.ts";

type Report = (reason: string) => void;

const KNOWN: Readonly<Record<keyof Constraints, true>> = {
  lower: true,
  upper: true,
  budget: true,
  maximumGross: true,
  exposures: true,
  maximumTurnover: true,
  minimumReturn: true,
  maximumCvar: true,
  maximumVolatility: true,
  minimumPosition: true,
  maximumNames: true,
  restrictions: true,
};
const RESTRICTIONS: readonly unknown[] = ["NO_TRADE", "NO_BUY", "NO_SELL", "NO_HOLD"];

export function checkConstraints({ constraints = {}, scenarios }: Problem, report: Report): void {
  const { assets } = scenarios;
  for (const name of Object.keys(constraints)) {
    if (!Object.hasOwn(KNOWN, name)) report(`constraints.${name}: there is no such constraint`);
  }
  checkValues("constraints.lower", constraints.lower, assets, report);
  checkValues("constraints.upper", constraints.upper, assets, report);
  const { budget } = constraints;
  if (typeof budget === "number") checkValues("constraints.budget", budget, assets, report);
  else checkRange("constraints.budget", budget ?? {}, report);
  checkExposures(constraints, assets, report);
  checkFigures(constraints, report);
  for (const [name, restriction] of Object.entries(constraints.restrictions ?? {})) {
    const place = `constraints.restrictions[${name}]`;
    if (!assets.includes(name)) report(`${place}: there is no such asset`);
    if (!RESTRICTIONS.includes(restriction)) report(`${place} is ${String(restriction)}`);
  }
}

function checkRange(place: string, { lower, upper }: Range, report: Report): void {
  checkValues(`${place}.lower`, lower, [], report);
  checkValues(`${place}.upper`, upper, [], report);
}

function checkExposures(
  { exposures = [] }: Constraints,
  assets: readonly string[],
  report: Report,
): void {
  const known = new Set(assets);
  const seen = new Set<string>();
  for (const [place, exposure] of exposures.entries()) {
    const at = `constraints.exposures[${place}]`;
    if (typeof exposure.name !== "string" || exposure.name === "") report(`${at} has no name`);
    if (seen.has(exposure.name)) report(`${at}: ${exposure.name} is named twice`);
    seen.add(exposure.name);
    checkRange(at, exposure, report);
    for (const [name, value] of Object.entries(exposure.coefficients)) {
      if (!known.has(name)) report(`${at}.coefficients[${name}]: there is no such asset`);
      if (!Number.isFinite(value)) report(`${at}.coefficients[${name}] is ${value}`);
    }
  }
}

function checkFigures(constraints: Constraints, report: Report): void {
  const { maximumGross, maximumTurnover, minimumReturn, maximumCvar } = constraints;
  const { maximumVolatility, minimumPosition, maximumNames } = constraints;
  const atLeast0 = (name: string, value: number | undefined): void => {
    if (value === undefined || (value >= 0 && Number.isFinite(value))) return;
    report(`constraints.${name} is ${value}: not a number of at least 0`);
  };
  atLeast0("maximumGross", maximumGross);
  atLeast0("maximumTurnover", maximumTurnover);
  atLeast0("maximumVolatility", maximumVolatility);
  atLeast0("minimumPosition", minimumPosition);
  checkValues("constraints.minimumReturn", minimumReturn, [], report);
  if (maximumCvar !== undefined) {
    const { tailMass, limit } = maximumCvar;
    checkValues("constraints.maximumCvar.limit", limit, [], report);
    if (!(tailMass > 0 && tailMass <= 1)) {
      report(`constraints.maximumCvar.tailMass is ${tailMass}: not in (0, 1]`);
    }
  }
  if (maximumNames !== undefined && !(Number.isInteger(maximumNames) && maximumNames >= 0)) {
    report(`constraints.maximumNames is ${maximumNames}: not a whole number of at least 0`);
  }
}
