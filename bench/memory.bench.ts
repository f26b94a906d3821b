// Memory does not grow with the tape: peak resident set of a replay of 20 million events, held against
// the same at 2 million; then of replay and report together. Resident means all of it: heap,
// buffers, the runtime itself and the pages of the log's file that the writer maps. One run differs
// from the next by 10 % (when the young generation grows is V8's affair): medians are compared.

import { median, report } from "./measured.ts";
import { clear, eventsOf, prepare, replay } from "./replay.ts";
import type { Replayed } from "./replay-child.ts";

const EVENTS_PER_BAR = 4.4;
const SMALL_EVENTS = 2_000_000;
const LARGE_EVENTS = 20_000_000;
const BOUND_MB = 400;
const GROWTH = 1.15;

const ROUNDS = 3;

async function replayed(events: number): Promise<readonly Replayed[]> {
  const bench = await prepare(Math.ceil(events / EVENTS_PER_BAR));
  try {
    const runs = Array.from({ length: ROUNDS }, () => replay(bench, { report: true }));
    for (const run of runs) {
      const [replayMb, allMb] = [run.replayPeakBytes, run.peakBytes].map((b) =>
        Math.round(b / 1e6),
      );
      const rate = Math.round(eventsOf(run) / run.seconds);
      console.log(`${eventsOf(run)} events: ${replayMb} MB, report ${allMb} MB; ${rate} events/s`);
    }
    return runs;
  } finally {
    clear(bench);
  }
}

type Peak = "replayPeakBytes" | "peakBytes";
const small = await replayed(SMALL_EVENTS);
const large = await replayed(LARGE_EVENTS);

function figure(name: string, peak: Peak, growth: number): void {
  const [value = 0, reference = 0] = [large, small].map(
    (runs) => median(runs.map((run) => run[peak])) / 1e6,
  );
  const missed =
    value > BOUND_MB
      ? `at most ${BOUND_MB} MB`
      : value > growth * reference
        ? "within 15 % of 2 million events"
        : null;
  report({
    name,
    value,
    unit: "MB",
    reference,
    ratio: reference / value,
    against: "2 million events",
    ...(missed === null ? {} : { missed }),
  });
}

figure("peak memory, 20 million events", "replayPeakBytes", GROWTH);
// A report keeps what it draws and every trade of its table: bounded, but not at 2 million events.
figure("peak memory, 20 million events and report", "peakBytes", Number.POSITIVE_INFINITY);
