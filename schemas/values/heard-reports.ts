// Which reports of a portfolio and symbol were heard. Promises: a report is new once, however often it comes;
// what is kept grows with the reports that are still missing only, since the venue numbers without gaps.

export interface HeardReports {
  /** All reports up to this number were heard. */
  readonly through: number;
  /** Beyond it, ascending. */
  readonly beyond: readonly number[];
}

export const nothingHeard: HeardReports = { through: 0, beyond: [] };

/** With that report; null where it was heard before. Reports of version 1 have number 0 and are always new. */
export function hear(heard: HeardReports, execId: number): HeardReports | null {
  if (execId === 0) return heard;
  let { through } = heard;
  if (execId === through + 1 && heard.beyond.length === 0) {
    return { through: execId, beyond: heard.beyond };
  }
  if (execId <= through || heard.beyond.includes(execId)) return null;
  const beyond = [...heard.beyond, execId].sort((a, b) => a - b);
  while (beyond[0] === through + 1) {
    through++;
    beyond.shift();
  }
  return { through, beyond };
}
