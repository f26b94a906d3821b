// The report's style sheet: one column on a phone, a tear sheet on a screen, ink on paper.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #ffffff; --ink: #14171c; --soft: #5b6470; --faint: #e4e6ea;
  --line: #2456d6; --area: rgba(36, 86, 214, 0.10); --up: #14794a; --down: #bb2d22;
  --down-area: rgba(187, 45, 34, 0.13); --second: #a06a00; --warn: #a06a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0e1116; --card: #151a21; --ink: #e8ebf0; --soft: #97a1af; --faint: #262d37;
    --line: #7ea6ff; --area: rgba(126, 166, 255, 0.13); --up: #4cc38a; --down: #ff7a6b;
    --down-area: rgba(255, 122, 107, 0.16); --second: #e0b050; --warn: #e0b050;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; margin: 4px 0 6px; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 17px; letter-spacing: -0.005em; margin: 0 0 2px; font-weight: 620; }
h3 { font-size: 13px; color: var(--soft); margin: 18px 0 6px; font-weight: 560; }
p { margin: 0 0 10px; }
a { color: var(--line); }
.over { color: var(--soft); font-size: 12px; letter-spacing: 0.08em; text-transform: uppercase; }
.soft, .note { color: var(--soft); }
.note { font-size: 13px; margin-bottom: 12px; }
.proof { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 14px 0 0; padding: 0; font-size: 13px; color: var(--soft); list-style: none; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.92em; overflow-wrap: anywhere; }
.proof code { color: var(--ink); }
section { background: var(--card); border: 1px solid var(--faint); border-radius: 10px; padding: 20px 22px; margin: 18px 0; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; background: var(--faint); border: 1px solid var(--faint); border-radius: 10px; overflow: hidden; margin: 24px 0 0; }
.figures div { background: var(--card); padding: 16px 20px; min-width: 0; }
.figures dt { color: var(--soft); font-size: 13px; }
.figures dd { margin: 2px 0 0; font-size: 25px; line-height: 1.25; letter-spacing: -0.02em; font-weight: 600; overflow-wrap: anywhere; }
.figures dd.long { font-size: 19px; line-height: 1.64; }
.figures small { display: block; font-size: 13px; font-weight: 400; letter-spacing: 0; color: var(--soft); }
dl { margin: 0; }
.measures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 36px; }
.measures div { display: flex; justify-content: space-between; gap: 12px; padding: 6px 0; border-bottom: 1px solid var(--faint); }
.measures dt { color: var(--soft); }
.measures dd { margin: 0; text-align: right; font-weight: 540; }
.up { color: var(--up); } .down { color: var(--down); } .warn { color: var(--warn); }
.chart { position: relative; margin: 10px -6px 0; outline-offset: 3px; border-radius: 4px; }
.chart:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible + label, .scroll:focus-visible { outline: 2px solid var(--line); }
.charthead { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; margin-top: 16px; }
.charthead h3 { margin: 0; }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin: 0 5px 3px 6px; background: currentColor; }
.key.line::before { background: var(--line); } .key.second::before { background: var(--second); }
.reading { font-size: 13px; color: var(--soft); min-height: 1.5em; text-align: right; }
button { font: inherit; font-size: 13px; color: var(--ink); background: none; border: 1px solid var(--faint); border-radius: 6px; padding: 3px 10px; cursor: pointer; }
button:hover { border-color: var(--soft); }
button[hidden] { display: none; }
.sectionhead { display: flex; justify-content: space-between; align-items: start; gap: 12px; }
.picker { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 0; border: 0; padding: 0; }
.picker input { position: absolute; opacity: 0; pointer-events: none; }
.picker label { border: 1px solid var(--faint); border-radius: 999px; padding: 2px 12px; font-size: 13px; cursor: pointer; color: var(--soft); }
.picker input:checked + label { border-color: var(--line); color: var(--ink); font-weight: 560; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 36px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 6px; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--faint); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
.right, th.right { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.scroll th, .scroll td { white-space: nowrap; }
.ends { display: flex; justify-content: space-between; }
.tall { max-height: 420px; overflow: auto; }
.tall thead th { position: sticky; top: 0; background: var(--card); }
.bar { display: block; width: 100%; height: 8px; margin-top: 7px; }
.bar rect { fill: var(--line); } .bar .rest { fill: var(--faint); } .bar .down { fill: var(--down); } .bar .warn { fill: var(--warn); } .bar .up { fill: var(--up); }
.table-of-measures .group { padding-top: 16px; color: var(--ink); font-weight: 600; }
.parts th[scope="row"] { color: var(--ink); } .parts .share { width: 22%; min-width: 60px; }
.months td { text-align: right; font-size: 13px; white-space: nowrap; }
.months th { text-align: right; } .months th:first-child { text-align: left; }
.histogram { display: block; width: 100%; height: 130px; }
.months .heat-1.up { background: color-mix(in srgb, var(--up) 10%, transparent); } .months .heat-1.down { background: color-mix(in srgb, var(--down) 10%, transparent); }
.months .heat-2.up { background: color-mix(in srgb, var(--up) 20%, transparent); } .months .heat-2.down { background: color-mix(in srgb, var(--down) 20%, transparent); }
.months .heat-3.up { background: color-mix(in srgb, var(--up) 31%, transparent); } .months .heat-3.down { background: color-mix(in srgb, var(--down) 31%, transparent); }
.months .heat-4.up { background: color-mix(in srgb, var(--up) 43%, transparent); } .months .heat-4.down { background: color-mix(in srgb, var(--down) 43%, transparent); }
.months td[class^="heat"] { color: var(--ink); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.table-of-measures th[scope="row"], .table-of-measures .right { white-space: nowrap; }
.scroll .table-of-measures .how { white-space: normal; min-width: 260px; color: var(--soft); font-size: 13px; }
.histogram .flat { fill: var(--soft); } .histogram .curve { stroke: var(--second); stroke-width: 1.5; }
.histogram .up { fill: var(--up); } .histogram .down { fill: var(--down); } .histogram line { stroke: var(--soft); }
.histogram text { fill: var(--soft); font-size: 12px; }
.empty { color: var(--soft); border: 1px dashed var(--faint); border-radius: 8px; padding: 22px; text-align: center; margin: 12px 0 0; }
details { margin-top: 12px; } summary { cursor: pointer; color: var(--soft); font-size: 14px; }
pre { background: var(--paper); border: 1px solid var(--faint); border-radius: 8px; padding: 14px; overflow: auto; font-size: 12.5px; line-height: 1.45; max-height: 460px; margin: 10px 0 0; }
.identity { display: grid; grid-template-columns: max-content 1fr; gap: 4px 22px; font-size: 14px; }
.identity dt { color: var(--soft); } .identity dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 13px; padding-top: 8px; padding-bottom: 48px; }
.u-axis { color: var(--soft); }
@media (max-width: 860px) {
  .figures { grid-template-columns: 1fr 1fr; } .measures { grid-template-columns: 1fr 1fr; } .columns { grid-template-columns: 1fr; }
}
@media (max-width: 560px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; } header { padding-top: 24px; }
  section { padding: 16px 14px; } h1 { font-size: 24px; }
  .figures div { padding: 12px 14px; } .figures dd { font-size: 20px; }
  .measures { grid-template-columns: 1fr; } .identity { grid-template-columns: 1fr; } .identity dd { margin-bottom: 6px; }
  .charthead { display: block; } .key::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin: 0 5px 3px 6px; background: currentColor; }
.key.line::before { background: var(--line); } .key.second::before { background: var(--second); }
.reading { text-align: left; }
}
@media print {
  :root {
    color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --faint: #ccc;
    --line: #2456d6; --area: rgba(36, 86, 214, 0.10); --up: #14794a; --down: #bb2d22;
    --down-area: rgba(187, 45, 34, 0.13); --second: #a06a00; --warn: #a06a00;
  }
  @page { size: A4; margin: 14mm 12mm; }
  body { font-size: 11px; } table, .measures, .identity { font-size: 10px; } th, td { padding: 3px 8px 3px 0; }
  th, .note, .how, .scroll .table-of-measures .how, .months td { font-size: 9.5px; } .chart, .histogram, .charthead { break-inside: avoid; }
  .charthead, h2, h3 { break-after: avoid; } .scroll { overflow: visible; } .histogram, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; } main, header, footer { max-width: none; padding: 0; }
  section { break-inside: avoid; border: 0; border-top: 1px solid #ccc; border-radius: 0; padding: 12px 0; margin: 0; }
  section.long { break-inside: auto; } tr { break-inside: avoid; }
  .tall, pre { max-height: none; overflow: visible; } .picker, button, .hint { display: none; }
  .figures { break-inside: avoid; }
}
`;
