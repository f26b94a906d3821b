// Memory does not grow with the tape: peak resident set of a replay of 20 million events, held against
// the same at 2 million; then of replay and report together. Resident means all of it: heap,
// buffers, the runtime itself and the pages of the log's file that the writer maps.

import { report } from "./measured.ts";
import { clear, eventsOf, prepare, replay } from "./replay.ts";
import type { Replayed } from "./replay-child.ts";

const EVENTS_PER_BAR = 4.4;
const SMALL_EVENTS = 2_000_000;
const LARGE_EVENTS = 20_000_000;
const BOUND_MB = 400;
const GROWTH = 1.15;

async function replayed(events: number): Promise<Replayed> {
  const bench = await prepare(Math.ceil(events / EVENTS_PER_BAR));
  try {
    const run = replay(bench, { report: true });
    const rate = Math.round(eventsOf(run) / run.seconds);
    console.log(`${eventsOf(run)} events, ${rate} events/s; report in ${run.reportSeconds} s`);
    return run;
  } finally {
    clear(bench);
  }
}

function figure(name: string, bytes: number, small: number): void {
  const [value, reference] = [bytes / 1e6, small / 1e6];
  const missed =
    value > BOUND_MB
      ? `at most ${BOUND_MB} MB`
      : value > GROWTH * reference
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

const small = await replayed(SMALL_EVENTS);
const large = await replayed(LARGE_EVENTS);
figure("peak memory, 20 million events", large.replayPeakBytes, small.replayPeakBytes);
figure("peak memory, 20 million events and report", large.peakBytes, small.peakBytes);
