// The efficient frontier as one self-contained page: risk against return, the weights along it, a table.
// Promises: nothing is asked for from anywhere; every text from data is escaped.

import type { Problem } from "../../quant/optimiser/problem.ts";
import { count, embedJson, escapeHtml, percent } from "../report/figures.ts";
import { pageHead, uplotFile } from "../report/page-head.ts";
import { pageStyle } from "../report/page-style.ts";
import type { Frontier, FrontierPoint } from "./frontier-points.ts";
import { frontierScript } from "./frontier-script.ts";
import type { About } from "./solution-text.ts";

/** Assets with a colour of their own; the others are one area. */
const NAMED = 11;
const TABLE_NAMES = 40;
const DUST = 5e-7;

const light =
  "#2456d6 #d97706 #14794a #bb2d22 #7c3aed #0e7490 #be185d #65740b #92400e #4b5fc4 #2f855a #9aa3ae";
const dark =
  "#7ea6ff #f2b04c #4cc38a #ff7a6b #b69cff #4fc3dc #f27fb2 #b7c64a #d19a66 #9fb0ff #7fd6a4 #5d6774";

const variables = (colors: string): string =>
  colors
    .split(" ")
    .map((color, k) => `--c${k}: ${color};`)
    .join(" ");
const style = `
:root { ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
.names { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 10px 0 0; padding: 0; list-style: none; font-size: 13px; }
.names i { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin: 0 6px -1px 0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.axisname { text-align: right; color: var(--soft); font-size: 12px; margin: 2px 20px 0 0; }
${Array.from({ length: NAMED + 1 }, (_, k) => `.names .c${k} { background: var(--c${k}); }`).join(" ")}
`;

/** Assets by their largest weight along the frontier, those never held left out. */
interface Line {
  readonly name: string;
  readonly weights: readonly number[];
}

export function renderFrontier(about: About, problem: Problem, frontier: Frontier): string {
  const { points, risk } = frontier;
  const lines = linesOf(problem, points);
  const riskName = nameOf(frontier);
  const shown = withOthers(lines);
  const data = {
    risk: points.map((point) => point[risk]),
    gain: points.map(({ expectedReturn }) => expectedReturn),
    riskName,
    names: shown.map(({ name }) => name),
    colors: shown.map((_, k) => colorOf(k)),
    weights: shown.map(({ weights }) => weights),
  };
  const library = uplotFile("uPlot.iife.min.js");
  const title = escapeHtml(`Efficient frontier of ${about.title}`);
  const head = pageHead({
    title,
    style: uplotFile("uPlot.min.css") + pageStyle + style,
    scripts: [library, frontierScript],
  });
  return `${head}
<body>
<header>
<div class="over">Tapedeck · portfolio optimiser</div>
<h1>${title}</h1>
<p class="soft">${escapeHtml(`${problem.scenarios.assets.length} assets · ${count(problem.scenarios.count)} scenarios (${about.scenarios})${about.span}`)}</p>
<dl class="figures">${figures(frontier)}</dl>
</header>
<main>
<section class="long"><h2>Risk and return</h2>
${chart("frontier", "Expected return a period", `${points.length} points`, `Expected return against ${riskName}`)}
<p class="axisname">${escapeHtml(riskName)} a period</p>
${chart("weights", "Weights along it", "of equity", "Weights of the portfolios along the frontier")}
<p class="axisname">${escapeHtml(riskName)} a period</p>
<ul class="names">${shown.map(({ name }, k) => `<li><i class="c${colorOf(k)}"></i>${escapeHtml(name)}</li>`).join("")}</ul>
</section>
<section class="long"><h2>Points</h2>${table(lines, frontier, riskName)}</section>
</main>
<footer>Written by Tapedeck. All figures per period of the scenarios. Each point is certified: the gap is the distance between its risk and a bound that no portfolio beats, relative.</footer>
<script type="application/json" id="data">${embedJson(data)}</script>
<script>${library}</script>
<script>${frontierScript}</script>
</body>
</html>
`;
}

const OTHERS = "others";
const OTHERS_SHORT = "others, short";
const colorOf = (place: number): number => Math.min(place, NAMED);

const nameOf = ({ points, risk }: Frontier): string =>
  risk === "volatility"
    ? "volatility"
    : `CVaR at ${+((1 - (points[0]?.tailMass ?? 0)) * 100).toFixed(6)} %`;

function linesOf({ scenarios }: Problem, points: readonly FrontierPoint[]): readonly Line[] {
  return scenarios.assets
    .map((name, j) => {
      const weights = points.map((point) => point.weights[j] as number);
      return { name, weights, most: Math.max(...weights.map(Math.abs)) };
    })
    .filter(({ most }) => most > DUST)
    .sort((a, b) => b.most - a.most);
}

/** The largest in their own colours, and what the rest come to, long and short. */
function withOthers(lines: readonly Line[]): readonly Line[] {
  const rest = lines.slice(NAMED);
  if (rest.length === 0) return lines;
  const sums = (sign: number): readonly number[] =>
    (lines[0] as Line).weights.map((_, i) =>
      rest.reduce((sum, { weights }) => sum + sign * Math.max(0, sign * (weights[i] as number)), 0),
    );
  const both = [
    { name: OTHERS, weights: sums(1) },
    { name: OTHERS_SHORT, weights: sums(-1) },
  ];
  const some = both.filter(({ weights }) => weights.some((weight) => weight !== 0));
  return [...lines.slice(0, NAMED), ...some];
}

function chart(id: string, name: string, reading: string, label: string): string {
  return `<div class="charthead"><h3>${name}</h3><div class="reading" id="${id}-reading" aria-live="polite">${escapeHtml(reading)}</div></div>
<div class="chart" id="${id}" tabindex="0" role="img" aria-label="${escapeHtml(label)}"></div>`;
}

function figures({ points, risk }: Frontier): string {
  const first = points[0] as FrontierPoint;
  const last = points.at(-1) as FrontierPoint;
  const gap = Math.max(...points.map((point) => point.gap));
  const optimal = points.filter(({ status }) => status === "OPTIMAL").length;
  const best = points.reduce((most, point) =>
    point.expectedReturn / point[risk] > most.expectedReturn / most[risk] ? point : most,
  );
  return [
    ["least risk", percent(first[risk], 3), `return ${percent(first.expectedReturn, 4)}`],
    ["most return", percent(last.expectedReturn, 4), `risk ${percent(last[risk], 3)}`],
    [
      "most return for its risk",
      (best.expectedReturn / best[risk]).toFixed(4),
      `return ${percent(best.expectedReturn, 4)}, risk ${percent(best[risk], 3)}`,
    ],
    ["largest gap", gap.toExponential(1), `${optimal} of ${points.length} points optimal`],
  ]
    .map(
      ([name = "", value = "", note = ""]) =>
        `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(note)}</small></dd></div>`,
    )
    .join("");
}

function table(lines: readonly Line[], { points, risk }: Frontier, riskName: string): string {
  const named = lines.slice(0, TABLE_NAMES);
  const heads = ["return", riskName, "gap", ...named.map(({ name }) => name)];
  const rows = points.map((point, i) => {
    const cells = named.map(({ weights }) => {
      const weight = weights[i] as number;
      return Math.abs(weight) > DUST ? percent(weight, 2) : "";
    });
    const own = [
      percent(point.expectedReturn, 4),
      percent(point[risk], 4),
      point.gap.toExponential(0),
    ];
    return `<tr>${[...own, ...cells].map((cell) => `<td class="right">${escapeHtml(cell)}</td>`).join("")}</tr>`;
  });
  const left = lines.length - named.length;
  const more = left > 0 ? `<p class="note">and ${left} more assets: --csv shows all</p>` : "";
  return `<div class="scroll tall" tabindex="0" role="region" aria-label="Points of the frontier"><table><thead><tr>${heads.map((name) => `<th class="right">${escapeHtml(name)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>${more}`;
}
