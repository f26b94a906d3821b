// Canaries: each plants one anomaly of a kind into a valid history, as a broken log or client would
// cause it. `null`: this history has no place for it.

import type { Random } from "../../../../quant/random.ts";
import type { AnomalyKind } from "../anomaly.ts";
import type { Operation } from "../operation.ts";
import type { ValidHistory } from "./valid-history.ts";

export interface Planted {
  readonly operations: readonly Operation[];
  /** A value that the evidence must name. */
  readonly value: string;
}

type Plant = (history: ValidHistory, random: Random) => Planted | null;
type Poll = Operation & { op: "poll" };
type Send = Operation & { op: "send" };
type Sent = Operation & { op: "sent" };

const isPoll = (operation: Operation): operation is Poll => operation.op === "poll";
const isSend = (operation: Operation): operation is Send => operation.op === "send";

function pick<T>(list: readonly T[], random: Random): T | null {
  return list.length === 0 ? null : (list[random.integer(list.length)] as T);
}

/** Every history with `from` replaced by `to`, or left out where it maps to null. */
function replaced(
  { operations }: ValidHistory,
  changes: ReadonlyMap<Operation, readonly Operation[]>,
): Operation[] {
  return operations.flatMap((operation) => changes.get(operation) ?? [operation]);
}

const without = (topic: string, value: string) => (operation: Operation) =>
  isPoll(operation) && operation.topic === topic
    ? { ...operation, records: operation.records.filter(([, each]) => each !== value) }
    : operation;

const place = ({ topic, partition }: Poll | Send): string => `${topic}/${partition}`;

/** What the last reader found in each partition. */
function finalRead({ operations }: ValidHistory): Map<string, [offset: number, value: string][]> {
  const found = new Map<string, [number, string][]>();
  for (const operation of operations) {
    if (!isPoll(operation) || operation.process !== "reader") continue;
    const records = found.get(place(operation)) ?? [];
    for (const [offset, value] of operation.records) records.push([offset, value]);
    found.set(place(operation), records);
  }
  return found;
}

interface Told {
  readonly send: Send;
  readonly sent: Sent | null;
  /** Of its transaction; "none": it has none. */
  readonly end: "committed" | "aborted" | "unknown" | "none";
}

/** Every send with what its process was told of it. */
function told({ operations }: ValidHistory): Told[] {
  const outcomes = new Map<string, Sent>();
  const ends = new Map<string, "committed" | "aborted" | "unknown">();
  for (const operation of operations) {
    if (operation.op === "sent") outcomes.set(`${operation.process} ${operation.id}`, operation);
    if (operation.op === "ending" && operation.commit) ends.set(operation.transaction, "unknown");
    if (operation.op === "ended" && operation.outcome !== "unknown") {
      ends.set(operation.transaction, operation.outcome);
    }
  }
  return operations.filter(isSend).map((send) => ({
    send,
    sent: outcomes.get(`${send.process} ${send.id}`) ?? null,
    end: send.transaction === null ? "none" : (ends.get(send.transaction) ?? "aborted"),
  }));
}

const isAcknowledged = ({ sent, end }: Told): boolean =>
  sent?.outcome === "ok" && (end === "committed" || end === "none");

/** Sends of which no value was attempted twice. */
function once(sends: readonly Told[]): Told[] {
  const attempts = new Map<string, number>();
  for (const { send } of sends) {
    for (const value of send.values) {
      const name = `${send.topic} ${value}`;
      attempts.set(name, (attempts.get(name) ?? 0) + 1);
    }
  }
  return sends.filter(({ send }) =>
    send.values.every((value) => attempts.get(`${send.topic} ${value}`) === 1),
  );
}

const lostWrite: Plant = (history, random) => {
  const final = finalRead(history);
  const chosen = pick(
    told(history).filter((each) => {
      const last = final.get(place(each.send))?.at(-1)?.[1];
      const known = each.sent?.offsets !== undefined;
      return isAcknowledged(each) && known && !each.send.values.includes(last ?? "");
    }),
    random,
  );
  if (chosen === null) return null;
  const value = pick(chosen.send.values, random) as string;
  return { operations: history.operations.map(without(chosen.send.topic, value)), value };
};

const readThenGone: Plant = (history, random) => {
  const early = history.operations.filter((each) => isPoll(each) && each.process !== "reader");
  const poll = pick(early as Poll[], random);
  const record = pick(poll?.records ?? [], random);
  if (poll === null || record === null) return null;
  const strip = without(poll.topic, record[1]);
  const operations = history.operations.map((each) =>
    each.process === "reader" ? strip(each) : each,
  );
  return { operations, value: record[1] };
};

const unseen: Plant = (history, random) => {
  const chosen = pick(
    once(told(history))
      .filter(isAcknowledged)
      .filter(({ sent }) => sent?.offsets === undefined),
    random,
  );
  if (chosen === null) return null;
  const value = pick(chosen.send.values, random) as string;
  return { operations: history.operations.map(without(chosen.send.topic, value)), value };
};

/** The log tells a writer that its send failed, or its transaction was aborted; readers see it. */
const abortedRead: Plant = (history, random) => {
  const chosen = pick(once(told(history)).filter(isAcknowledged), random);
  if (chosen === null) return null;
  const { send, sent } = chosen;
  const changes = new Map<Operation, Operation[]>();
  if (send.transaction === null) {
    changes.set(sent as Sent, [
      { op: "sent", process: send.process, id: send.id, outcome: "failed" },
    ]);
  } else {
    for (const each of history.operations) {
      if (each.op !== "ended" || each.transaction !== send.transaction) continue;
      changes.set(each, [{ ...each, outcome: "aborted" }]);
    }
  }
  return { operations: replaced(history, changes), value: send.values[0] as string };
};

/** A commit that was delayed, of an earlier transaction, hits one that never asked for it. */
const delayedCommit: Plant = (history, random) => {
  const chosen = pick(
    once(told(history))
      .filter(isAcknowledged)
      .filter(({ end }) => end === "committed"),
    random,
  );
  if (chosen === null) return null;
  const { transaction } = chosen.send;
  const operations = history.operations.filter(
    (each) => !(each.op === "ending" || each.op === "ended") || each.transaction !== transaction,
  );
  return { operations, value: chosen.send.values[0] as string };
};

const unwrittenRead: Plant = (history, random) => {
  const poll = pick(history.operations.filter(isPoll), random);
  if (poll === null) return null;
  const offset = (poll.records.at(-1)?.[0] ?? 1_000) + 1;
  const records = [...poll.records, [offset, "ghost"] as const];
  return {
    operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])),
    value: "ghost",
  };
};

/** A process reads what it wrote itself, before it asks for the commit. */
const precommittedByItself: Plant = (history, random) => {
  const chosen = pick(
    once(told(history)).filter(
      ({ send, sent, end }) => send.transaction !== null && sent !== null && end !== "aborted",
    ),
    random,
  );
  if (chosen === null) return null;
  const { process, transaction, topic, partition, values } = chosen.send;
  const offset = chosen.sent?.offsets?.[0] ?? 7;
  const records = [[offset, values[0] as string] as const];
  const read: Poll = { op: "poll", process, transaction, topic, partition, records };
  const changes = new Map([[chosen.sent as Operation, [chosen.sent as Operation, read]]]);
  return { operations: replaced(history, changes), value: values[0] as string };
};

/** Another process reads it, by the machine's clock. */
const precommittedByOthers: Plant = (history, random) => {
  const chosen = pick(
    once(told(history)).filter(({ end }) => end === "committed"),
    random,
  );
  const value = chosen?.send.values[0];
  const poll = history.operations.find(
    (each) =>
      isPoll(each) &&
      each.topic === chosen?.send.topic &&
      each.process !== chosen.send.process &&
      each.records.some(([, text]) => text === value),
  );
  if (chosen === null || value === undefined || poll?.atUs === undefined) return null;
  const laterUs = poll.atUs + 1;
  const changes = new Map<Operation, Operation[]>();
  for (const each of history.operations) {
    if (each.op === "ending" && each.transaction === chosen.send.transaction) {
      changes.set(each, [{ ...each, atUs: laterUs }]);
    }
  }
  return { operations: replaced(history, changes), value };
};

const duplicate: Plant = (history, random) => {
  const poll = pick(history.operations.filter(isPoll), random);
  const again = pick(finalRead(history).get(poll === null ? "" : place(poll)) ?? [], random);
  if (poll === null || again === null) return null;
  const beyond = 10_000 + random.integer(100);
  const records = [...poll.records, [beyond, again[1]] as const];
  return {
    operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])),
    value: again[1],
  };
};

const duplicateInOtherPartition: Plant = (history, random) => {
  const poll = pick(history.operations.filter(isPoll), random);
  if (poll === null) return null;
  const other = `${poll.topic}/${1 - poll.partition}`;
  const again = pick(finalRead(history).get(other) ?? [], random);
  if (again === null) return null;
  const records = [...poll.records, [10_000, again[1]] as const];
  return {
    operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])),
    value: again[1],
  };
};

const inconsistentOffset: Plant = (history, random) => {
  const poll = pick(
    history.operations.filter(isPoll).filter(({ records }) => records.length > 0),
    random,
  );
  if (poll === null) return null;
  const other = pick(finalRead(history).get(place(poll)) ?? [], random);
  const i = random.integer(poll.records.length);
  const [offset, value] = poll.records[i] as readonly [number, string];
  const isReadElsewhere = history.operations.some(
    (each) =>
      isPoll(each) &&
      each !== poll &&
      place(each) === place(poll) &&
      each.records.some(([at]) => at === offset),
  );
  if (other === null || other[1] === value || !isReadElsewhere) return null;
  const records = poll.records.map((each, at) => (at === i ? ([offset, other[1]] as const) : each));
  return { operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])), value };
};

/** Two sends of one process that the log put the other way round. */
const swappedSends =
  (inTransaction: boolean): Plant =>
  (history, random) => {
    const all = told(history);
    const together = ({ send }: Told) =>
      all.filter(
        (each) =>
          send.transaction !== null &&
          each.send.transaction === send.transaction &&
          place(each.send) === place(send),
      ).length;
    const sends = once(all).filter(
      (each) =>
        isAcknowledged(each) &&
        each.sent?.offsets !== undefined &&
        // Else the two would also be swapped with others of their transactions.
        (inTransaction || together(each) <= 1),
    );
    const pairs = sends.flatMap((first, i) =>
      sends
        .slice(i + 1)
        .filter(
          ({ send }) =>
            send.process === first.send.process &&
            place(send) === place(first.send) &&
            (inTransaction
              ? send.transaction !== null && send.transaction === first.send.transaction
              : send.transaction === null || send.transaction !== first.send.transaction),
        )
        .slice(0, 1)
        .map((second) => [first, second] as const),
    );
    const pair = pick(pairs, random);
    if (pair === null) return null;
    const changes = new Map<Operation, Operation[]>();
    for (const [to, from] of [pair, [pair[1], pair[0]] as const]) {
      changes.set(to.send, [{ ...to.send, values: from.send.values }]);
      const offsets = from.sent?.offsets as readonly number[];
      changes.set(to.sent as Sent, [{ ...(to.sent as Sent), offsets }]);
    }
    return { operations: replaced(history, changes), value: pair[0].send.values[0] as string };
  };

const gapInPoll: Plant = (history, random) => {
  const poll = pick(
    history.operations
      .filter(isPoll)
      .filter((each) => each.records.length > 2 && each.process !== "reader"),
    random,
  );
  if (poll === null) return null;
  const i = 1 + random.integer(poll.records.length - 2);
  const records = poll.records.filter((_, at) => at !== i);
  const value = poll.records[i]?.[1] as string;
  return { operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])), value };
};

const inversionInPoll: Plant = (history, random) => {
  const poll = pick(
    history.operations.filter(isPoll).filter((each) => each.records.length > 1),
    random,
  );
  if (poll === null) return null;
  const i = random.integer(poll.records.length - 1);
  const records = [...poll.records];
  records.splice(i, 2, ...poll.records.slice(i, i + 2).reverse());
  const value = poll.records[i]?.[1] as string;
  return { operations: replaced(history, new Map([[poll, [{ ...poll, records }]]])), value };
};

/** Polls that go on where one before them stopped, in the same transaction or not. */
function continuations(history: ValidHistory, inTransaction: boolean): (readonly [Poll, Poll])[] {
  return [...history.continued]
    .map(([poll, before]) => [poll as Poll, before as Poll] as const)
    .filter(
      ([poll, before]) =>
        inTransaction === (poll.transaction !== null && poll.transaction === before.transaction),
    );
}

const gapBetweenPolls =
  (inTransaction: boolean): Plant =>
  (history, random) => {
    const pairs = continuations(history, inTransaction).filter(
      ([{ process, records }]) => process !== "reader" && records.length > 1,
    );
    const [poll] = pick(pairs, random) ?? [];
    if (poll === undefined) return null;
    const changed = { ...poll, records: poll.records.slice(1) };
    const value = poll.records[0]?.[1] as string;
    return { operations: replaced(history, new Map([[poll as Operation, [changed]]])), value };
  };

const inversionBetweenPolls =
  (inTransaction: boolean): Plant =>
  (history, random) => {
    const [poll, before] = pick(continuations(history, inTransaction), random) ?? [];
    const again = before?.records.at(-1);
    if (poll === undefined || again === undefined) return null;
    const changed = { ...poll, records: [again, ...poll.records] };
    return {
      operations: replaced(history, new Map([[poll as Operation, [changed]]])),
      value: again[1],
    };
  };

const tornTransaction: Plant = (history, random) => {
  const final = new Set(
    [...finalRead(history)].flatMap(([at, all]) => all.map(([, v]) => `${at} ${v}`)),
  );
  const chosen = pick(
    once(told(history)).filter(
      ({ send, sent, end }) =>
        end === "unknown" &&
        sent?.outcome === "ok" &&
        final.has(`${place(send)} ${send.values[0]}`),
    ),
    random,
  );
  if (chosen === null) return null;
  const siblings = once(told(history)).filter(
    ({ send, sent }) => send.transaction === chosen.send.transaction && sent?.outcome === "ok",
  );
  if (siblings.flatMap(({ send }) => send.values).length < 2) return null;
  const value = chosen.send.values[0] as string;
  return { operations: history.operations.map(without(chosen.send.topic, value)), value };
};

/** Polls of transactions of a group that were committed. */
function consumed(history: ValidHistory): Poll[] {
  const grouped = new Set<string>();
  const committed = new Set<string>();
  for (const each of history.operations) {
    if (each.op === "begin" && each.group !== undefined) grouped.add(each.transaction);
    if (each.op === "ended" && each.outcome === "committed") committed.add(each.transaction);
  }
  return history.operations
    .filter(isPoll)
    .filter(({ transaction }) => grouped.has(transaction ?? "") && committed.has(transaction ?? ""))
    .filter(({ records }) => records.length > 0);
}

const consumedTwice: Plant = (history, random) => {
  const polls = consumed(history);
  const again = pick(polls, random);
  const later = pick(
    polls.filter(
      (each) => place(each) === (again && place(again)) && each.transaction !== again?.transaction,
    ),
    random,
  );
  if (again === null || later === null) return null;
  const copy = { ...later, records: again.records };
  const changes = new Map([[later as Operation, [later, copy]]]);
  return { operations: replaced(history, changes), value: again.records[0]?.[1] as string };
};

const consumedNever: Plant = (history, random) => {
  const polls = consumed(history);
  const passed = pick(polls, random);
  const [offset, value] = pick(passed?.records ?? [], random) ?? [-1, ""];
  const goesOn = polls.some(
    (each) =>
      passed !== null && place(each) === place(passed) && each.records.some(([at]) => at > offset),
  );
  if (passed === null || !goesOn) return null;
  const strip = without(passed.topic, value);
  const operations = history.operations.map((each) =>
    isPoll(each) && each.transaction !== null ? strip(each) : each,
  );
  return { operations, value };
};

/** A transaction that was not committed, though its process cannot know, was the last to poll something. */
const consumedByNobody: Plant = (history, random) => {
  const final = finalRead(history);
  const gone = told(history).filter(({ send, sent, end }) => {
    const there = final.get(place(send))?.find(([, value]) => value === send.values[0]);
    const told = sent?.offsets?.[0];
    return end === "unknown" && told !== undefined && there?.[0] !== told;
  });
  const unknown = new Set(gone.map(({ send }) => send.transaction));
  const polls = consumed(history);
  const candidates = history.operations
    .filter(isPoll)
    .filter(({ transaction, records }) => unknown.has(transaction) && records.length > 0);
  const passed = pick(candidates, random);
  if (passed === null) return null;
  const [offset, value] = passed.records[0] as readonly [number, string];
  const goesOn = polls.some(
    (each) => place(each) === place(passed) && each.records.some(([at]) => at > offset),
  );
  if (!goesOn) return null;
  const strip = without(passed.topic, value);
  const operations = history.operations.map((each) =>
    isPoll(each) && each.transaction !== null && each !== passed ? strip(each) : each,
  );
  return { operations, value };
};

export const plants: Readonly<Record<AnomalyKind, Readonly<Record<string, Plant>>>> = {
  "lost-write": { "never read": lostWrite, "read, then gone": readThenGone },
  unseen: { "offset not told": unseen },
  "aborted-read": { "told that it failed": abortedRead, "a delayed commit": delayedCommit },
  "unwritten-read": { "made up": unwrittenRead },
  "precommitted-read": { "by itself": precommittedByItself, "by others": precommittedByOthers },
  duplicate: { "in its partition": duplicate, "in another": duplicateInOtherPartition },
  "inconsistent-offset": { "between readers": inconsistentOffset },
  "nonmonotonic-send": { "one after the other": swappedSends(false) },
  "inversion-in-transaction-sends": { "in one transaction": swappedSends(true) },
  "gap-in-transaction-reads": { "in a poll": gapInPoll, "between polls": gapBetweenPolls(true) },
  "inversion-in-transaction-reads": {
    "in a poll": inversionInPoll,
    "between polls": inversionBetweenPolls(true),
  },
  "gap-between-reads": { "a poll starts late": gapBetweenPolls(false) },
  "inversion-between-reads": { "a poll starts early": inversionBetweenPolls(false) },
  "torn-transaction": { "one value missing": tornTransaction },
  "consumed-twice": { "polled again": consumedTwice },
  "consumed-never": { "passed over": consumedNever, "taken back": consumedByNobody },
};
