// Every value on its own: was it written, is it there, once, and nothing else in its place. Cost:
// linear in the attempts and records read.

import type { Findings } from "./anomaly.ts";
import type { Attempt, Gathered, Partition } from "./gathered.ts";
import { attemptOutcome, type ReadLog } from "./outcomes.ts";

export function checkValues(gathered: Gathered, log: ReadLog, findings: Findings): void {
  for (let value = 0; value < gathered.values.length; value++) {
    const attempts = gathered.attemptsOf[value] as Attempt[];
    if (!checkRead(gathered, log, findings, value, attempts)) continue;
    checkThere(gathered, log, findings, value, attempts);
  }
  checkPlaces(gathered, findings);
}

/** What was read must have been written, and not taken back; false: it was not. */
function checkRead(
  { values, processes }: Gathered,
  log: ReadLog,
  findings: Findings,
  value: number,
  attempts: readonly Attempt[],
): boolean {
  if (attempts.some((attempt) => attemptOutcome(attempt) !== "aborted")) return true;
  const place = log.places[value];
  if (place === undefined) return false;
  const reader = processes[place.poll.process] as string;
  const writers = attempts.map(
    ({ transaction, process }) => transaction?.name ?? (processes[process] as string),
  );
  findings.add({
    kind: attempts.length === 0 ? "unwritten-read" : "aborted-read",
    partition: place.partition.name,
    offsets: [place.offset],
    values: [values[value] as string],
    who: [...writers, reader],
  });
  return false;
}

/** What was acknowledged or read must be there in the end. */
function checkThere(
  { values, processes }: Gathered,
  log: ReadLog,
  findings: Findings,
  value: number,
  attempts: readonly Attempt[],
): void {
  const place = log.places[value];
  const acknowledged = attempts.find((attempt) => attemptOutcome(attempt) === "committed");
  const partition = place?.partition ?? acknowledged?.partition;
  if (partition === undefined || log.inFinal[value] === 1) return;
  // Else nobody need have read it: what a reader passed over is found where it did.
  if (partition.caughtUp.size === 0) return;
  const offset = place?.offset ?? acknowledged?.offset ?? -1;
  const passed = offset >= 0 && offset <= log.of(partition).highest;
  const witness = place?.poll.process ?? acknowledged?.process ?? 0;
  findings.add({
    kind: place !== undefined || passed ? "lost-write" : "unseen",
    partition: partition.name,
    offsets: offset < 0 ? [] : [offset],
    values: [values[value] as string],
    who: [acknowledged?.transaction?.name ?? (processes[witness] as string)],
  });
}

/** One value lies at one place, and one place holds one value, for readers and writers alike. */
function checkPlaces(gathered: Gathered, findings: Findings): void {
  const { values, processes } = gathered;
  const held = new Map<Partition, Map<number, number>>();
  const first: ({ partition: Partition; offset: number } | undefined)[] = [];
  const reported = new Set<string>();
  const claim = (partition: Partition, offset: number, value: number, process: number): void => {
    const at = held.get(partition) as Map<number, number>;
    const other = at.get(offset);
    const where = first[value];
    if (other === undefined) at.set(offset, value);
    if (where === undefined) first[value] = { partition, offset };
    const who = [processes[process] as string];
    const text = values[value] as string;
    if (other !== undefined && other !== value) {
      if (!isNew(reported, `${partition.name} ${offset} ${value}`)) return;
      const both = [values[other] as string, text];
      findings.add({
        kind: "inconsistent-offset",
        partition: partition.name,
        offsets: [offset],
        values: both,
        who,
      });
    } else if (where && (where.offset !== offset || where.partition !== partition)) {
      if (!isNew(reported, `${partition.name} ${offset} ${value}`)) return;
      findings.add({
        kind: "duplicate",
        partition:
          where.partition === partition
            ? partition.name
            : `${where.partition.name}, ${partition.name}`,
        offsets: [where.offset, offset],
        values: [text],
        who,
      });
    }
  };
  for (const partition of gathered.partitions.values()) held.set(partition, new Map());
  for (const attempts of gathered.attemptsOf) {
    for (const attempt of attempts) {
      if (attempt.offset < 0 || attemptOutcome(attempt) !== "committed") continue;
      claim(attempt.partition, attempt.offset, attempt.value, attempt.process);
    }
  }
  for (const { partition, offsets, values: read, process } of gathered.polls) {
    for (const [i, value] of read.entries()) {
      claim(partition, offsets[i] as number, value, process);
    }
  }
}

function isNew(seen: Set<string>, entry: string): boolean {
  if (seen.has(entry)) return false;
  seen.add(entry);
  return true;
}
