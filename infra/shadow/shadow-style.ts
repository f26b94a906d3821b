// What a shadow's page needs beyond the report's style sheet.

export const shadowStyle = `
.ok { color: var(--up); }
td.field { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 0 22px; }
.sides > div { min-width: 0; }
.sides pre { max-height: 380px; }
.topickey { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; color: var(--soft); }
.topickey span::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin: 0 5px 3px 0; background: var(--own); }
ul.plain { margin: 0; padding-left: 18px; font-size: 14px; } ul.plain li { margin: 4px 0; }
@media (max-width: 860px) { .sides { grid-template-columns: 1fr; } }
`;
