// Progress of long work: one line on stderr, rewritten, with rate and time left. Quiet when stderr
// is not a terminal, so pipes and logs stay clean.

const INTERVAL_MS = 100;

export interface ProgressLine {
  /** Shows how much of `total` is done, both in `unit`s; Infinity: nobody knows. `more` comes last. */
  update(done: number, total: number, more?: string): void;
  /** Takes the line away. */
  end(): void;
}

export function progressLine(what: string, unit: string): ProgressLine {
  const { stderr } = process;
  if (!stderr.isTTY) return { update: () => undefined, end: () => undefined };
  const startedMs = performance.now();
  let shownMs = 0;
  return {
    update(done, total, more = "") {
      const nowMs = performance.now();
      if (nowMs - shownMs < INTERVAL_MS) return;
      shownMs = nowMs;
      const seconds = (nowMs - startedMs) / 1000;
      const rate = done / Math.max(seconds, 1e-3);
      const left = rate > 0 ? Math.max(0, (total - done) / rate) : 0;
      const share = total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 0;
      const open = total === Number.POSITIVE_INFINITY;
      const text = open
        ? `${what}  ${grouped(done)} ${unit}  ${grouped(rate)}/s${more}`
        : `${what} ${share} %  ${grouped(done)} of ${grouped(total)} ${unit}  ${grouped(rate)}/s  ${clock(left)} left${more}`;
      stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    end() {
      stderr.write("\r\u001b[2K");
    },
  };
}

const clock = (seconds: number): string =>
  seconds < 60
    ? `${Math.ceil(seconds)} s`
    : `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s`;

/** 1234567.8 → "1,234,568". */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
