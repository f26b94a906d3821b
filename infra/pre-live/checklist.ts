// What is asked of a strategy before real money follows it, held against what was found. Promises: pure; every item
// says what was asked, what was found and where; what nobody has shown is missing, never passed.
//
// The items are those of the seeds' "Pre-Live Validation Checklist". PASS: shown. FAIL: shown not to hold. MISSING: not
// shown either way. A strategy is ready where all pass.

import { count, day, percent } from "../report/figures.ts";
import type { CrisisReturn } from "../report/report-data.ts";
import { type Quarter, regimes } from "./quarters.ts";

export type Status = "PASS" | "FAIL" | "MISSING";

export interface Item {
  readonly name: string;
  readonly status: Status;
  readonly asked: string;
  readonly found: string;
  /** Files, runs and figures that it rests on, or what is to be done to have them. */
  readonly evidence: readonly string[];
}

export interface Asked {
  readonly walkMonths: number;
  readonly paperDays: number;
}

export interface Stretch {
  readonly place: string;
  readonly fromUs: number;
  readonly toUs: number;
}

export interface WalkFound extends Stretch {
  readonly windows: number;
  readonly sharpe: number | null;
  readonly totalReturn: number | null;
}

/** A kill that a run was given. */
export interface Kill {
  readonly command: string;
  readonly who: string;
  readonly timeUs: number;
  /** New orders after it, until trading was enabled; null where they are part of it (a flattening). */
  readonly ordersAfter: number | null;
}

export interface RunFound {
  readonly run: string;
  /** `stopped`: trading was halted, killed or reduced through all of the window. */
  readonly crises: readonly (CrisisReturn & { readonly stopped: boolean })[];
  readonly quarters: readonly Quarter[];
  readonly kills: readonly Kill[];
}

export interface Found {
  readonly subject: string;
  readonly walks: readonly WalkFound[];
  /** Walks of other settings, or from before they were told apart. */
  readonly otherWalks: number;
  readonly papers: readonly Stretch[];
  /** Live flows of these settings. */
  readonly live: readonly string[];
  /** Runs of these settings that are complete, newest first. */
  readonly runs: readonly RunFound[];
  readonly limits: readonly Limit[];
  readonly verified: {
    readonly run: string;
    readonly records: number;
    readonly identical: boolean;
  } | null;
  readonly faults: {
    readonly place: string;
    readonly rounds: number;
    readonly anomalies: number;
    readonly faults: readonly string[];
    readonly sameCode: boolean;
  } | null;
  readonly compliance: { readonly place: string; readonly sha256: string } | null;
}

export interface Limit {
  readonly key: string;
  readonly on: boolean;
  /** The seeds' risk controls ask for it. */
  readonly asked: boolean;
}

const DAY_US = 86_400_000_000;
const MONTH_US = (DAY_US * 365.25) / 12;
const CRISES = ["Financial crisis", "Covid"];

export function checklist(found: Found, asked: Asked): readonly Item[] {
  return [
    walked(found, asked.walkMonths),
    papered(found, asked.paperDays),
    everyMarket(found),
    crises(found),
    recovered(found),
    deterministic(found),
    limited(found),
    killed(found),
    compliant(found),
  ];
}

export const isReady = (items: readonly Item[]): boolean =>
  items.every(({ status }) => status === "PASS");

const spanText = ({ place, fromUs, toUs }: Stretch): string =>
  `${place}: ${day(fromUs)} to ${day(toUs)}`;
const longest = <T extends Stretch>(all: readonly T[]): T | undefined =>
  all.toSorted((a, b) => b.toUs - b.fromUs - (a.toUs - a.fromUs))[0];

function walked({ walks, otherWalks }: Found, months: number): Item {
  const best = longest(walks);
  const item = { name: "Walk-forward", asked: `${months} months or more judged out of sample` };
  if (best === undefined) {
    const others = otherWalks === 0 ? "" : `; ${otherWalks} of other settings or code`;
    return {
      ...item,
      status: "MISSING",
      found: `no walk of these settings${others}`,
      evidence: [
        "tapedeck walk-forward CONFIG --in-sample DAYS --out-of-sample DAYS --set KEY=VALUES",
      ],
    };
  }
  const span = (best.toUs - best.fromUs) / MONTH_US;
  return {
    ...item,
    status: span >= months ? "PASS" : "FAIL",
    found: `${span.toFixed(1)} months in ${best.windows} windows, return ${percent(best.totalReturn)}, Sharpe ${best.sharpe?.toFixed(2) ?? "–"}`,
    evidence: walks.map(spanText),
  };
}

function papered({ papers, live }: Found, days: number): Item {
  const best = longest(papers);
  const item = { name: "Paper or shadow", asked: `${days} days or more on these settings` };
  const running = live.map((app) => `runs live as ${app}: its topics, replayed, show how long`);
  if (best === undefined) {
    return {
      ...item,
      status: "MISSING",
      found: "no shadow and no replayed live run of these settings",
      evidence: [...running, "tapedeck shadow --candidate CONFIG --name NAME --report FILE"],
    };
  }
  const span = (best.toUs - best.fromUs) / DAY_US;
  return {
    ...item,
    status: span >= days ? "PASS" : "FAIL",
    found: `${span.toFixed(1)} days`,
    evidence: [...papers.map(spanText), ...running],
  };
}

function everyMarket({ runs }: Found): Item {
  // A quarter that several runs have traded is told of once, as the newest run did.
  const quarters = new Map<string, Quarter>();
  for (const { quarters: own } of runs) {
    for (const quarter of own) if (!quarters.has(quarter.name)) quarters.set(quarter.name, quarter);
  }
  const all = [...quarters.values()];
  const seen = new Map(regimes.map((name) => [name, all.filter(({ regime }) => regime === name)]));
  const lacking = regimes.filter((regime) => seen.get(regime)?.length === 0);
  const some = quarters.size > 0;
  return {
    name: "Bull, bear and sideways markets",
    status: lacking.length === 0 ? "PASS" : some ? "FAIL" : "MISSING",
    asked: "a quarter or more of each: its market up by 5 %, down by 5 %, between",
    found:
      lacking.length === 0 ? "each was traded" : `no whole quarter that was ${lacking.join(", ")}`,
    evidence: regimes.flatMap((regime) => {
      const own = (seen.get(regime) ?? []).map((quarter) => quarter.own);
      if (own.length === 0) return [];
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      const worst = Math.min(...own);
      return [
        `${regime}: ${times(own.length, "quarter")}, mean return ${percent(mean)}, worst ${percent(worst)}`,
      ];
    }),
  };
}

const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

function crises({ runs, limits }: Found): Item {
  const on = limits.filter((limit) => limit.on && limit.asked);
  const traded = CRISES.map((name) => ({
    name,
    in: runs.flatMap(({ run, crises: all }) =>
      all.filter((crisis) => crisis.name === name).map((crisis) => ({ run, crisis })),
    ),
  }));
  const isTraded = (one: (typeof traded)[number]): boolean =>
    one.in.some(({ crisis }) => !crisis.stopped);
  const lacking = traded.filter((one) => !isTraded(one)).map(({ name }) => name);
  return {
    name: "2008 and 2020 with limits on",
    status: lacking.length > 0 ? "MISSING" : on.length === 0 ? "FAIL" : "PASS",
    asked: `runs through ${CRISES.join(" and ")}, from peak to trough of the index`,
    found:
      lacking.length > 0
        ? `not traded: ${lacking.join(", ")}`
        : `both, with ${on.length} of the limits asked for`,
    evidence: traded.flatMap(({ name, in: all }) =>
      all.map(
        ({ run, crisis }) =>
          `${name}, run ${run}: return ${percent(crisis.change)}, drawdown ${percent(crisis.drawdown)}${crisis.stopped ? ": trading was stopped" : ""}`,
      ),
    ),
  };
}

function recovered({ faults }: Found): Item {
  const item = { name: "Recovery from faults", asked: "fault runs of this code, nothing found" };
  if (faults === null) {
    return {
      ...item,
      status: "MISSING",
      found: "no record of fault runs",
      evidence: ["npm run -s faults -- --record .tapedeck/faults.json"],
    };
  }
  const { place, rounds, anomalies, sameCode } = faults;
  const status = anomalies > 0 ? "FAIL" : sameCode && rounds > 0 ? "PASS" : "MISSING";
  const code = sameCode ? "" : ", of other code";
  return {
    ...item,
    status,
    found: `${rounds} faults, ${anomalies} anomalies${code}`,
    evidence: [`${place}: ${faults.faults.join(", ")}`],
  };
}

function deterministic({ verified }: Found): Item {
  return {
    name: "Determinism",
    status: verified === null ? "MISSING" : verified.identical ? "PASS" : "FAIL",
    asked: "the run replayed by this code, every byte as recorded",
    found:
      verified === null
        ? "not replayed"
        : `${verified.identical ? "identical" : "different"} over ${count(verified.records)} events`,
    evidence: verified === null ? [] : [`tapedeck verify ${verified.run}`],
  };
}

function limited({ limits }: Found): Item {
  const off = limits.filter(({ on }) => !on);
  const lacking = off.filter(({ asked }) => asked);
  return {
    name: "Limits",
    status: lacking.length === 0 ? "PASS" : "FAIL",
    asked: "each of the live risk controls set",
    found: `${limits.length - off.length} of ${limits.length} on; of those asked for, ${lacking.length === 0 ? "none" : lacking.length} off`,
    evidence: off.map(({ key, asked }) => `off: ${key}${asked ? " (asked for)" : ""}`),
  };
}

function killed({ runs }: Found): Item {
  const kills = runs.flatMap(({ run, kills: all }) => all.map((kill) => ({ run, kill })));
  const broken = kills.filter(({ kill }) => (kill.ordersAfter ?? 0) > 0);
  return {
    name: "Kill switch",
    status: kills.length === 0 ? "MISSING" : broken.length > 0 ? "FAIL" : "PASS",
    asked: "a kill or a flattening in a run, not one new order after a kill",
    found: kills.length === 0 ? "never used" : `used ${times(kills.length, "time")}`,
    evidence:
      kills.length === 0
        ? ["a run with commands: [{ at: TIME, command: KillTrading, who: NAME, why: drill }]"]
        : kills.map(
            ({ run, kill }) =>
              `run ${run}: ${kill.command} by ${kill.who} on ${day(kill.timeUs)}${kill.ordersAfter === null ? "" : `, ${kill.ordersAfter} new orders after it`}`,
          ),
  };
}

function compliant({ compliance }: Found): Item {
  return {
    name: "Compliance documents",
    status: compliance === null ? "MISSING" : "PASS",
    asked: "a document that a person has written",
    found: compliance === null ? "none named" : "named; what it says is for a person to judge",
    evidence:
      compliance === null
        ? ["--compliance FILE"]
        : [`${compliance.place}, sha256 ${compliance.sha256}`],
  };
}
