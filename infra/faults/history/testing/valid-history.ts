// Random histories that a correct log can have, from a seed: writers alone and in transactions,
// tasks that consume, transform and produce exactly once, consumers; failed and unknown outcomes,
// crashes at any step, rebalances, times or none, Kafka's offsets or logical ones.

import { Random } from "../../../../quant/random.ts";
import type { Operation } from "../operation.ts";
import { PartitionModel, type Writing } from "./partition-model.ts";

export interface ValidHistory {
  readonly operations: Operation[];
  /** Polls that go on exactly where the poll before them, by the same process, stopped. */
  readonly continued: ReadonlyMap<Operation, Operation>;
}

type Actor = Generator<undefined, void>;

const STEPS = 260;
const GROUP = "sums";

class World {
  readonly random: Random;
  readonly operations: Operation[] = [];
  readonly continued = new Map<Operation, Operation>();
  readonly input = [new PartitionModel("ticks", 0), new PartitionModel("ticks", 1)];
  readonly output = [new PartitionModel("sums", 0), new PartitionModel("sums", 1)];
  readonly all: readonly PartitionModel[] = [...this.input, ...this.output];
  private names = 0;
  private readonly isTimed: boolean;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.isTimed = this.chance(0.5);
  }

  note<O extends Operation>(operation: O): O {
    const timed = this.isTimed ? { ...operation, atUs: this.operations.length } : operation;
    this.operations.push(timed);
    return timed;
  }

  name(kind: string): string {
    return `${kind}-${++this.names}`;
  }

  number(): number {
    return ++this.names;
  }

  chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.integer(list.length)] as T;
  }
}

/** Sends values; yields before and after they are written, so that others come between. */
function* send(
  world: World,
  process: string,
  transaction: string | null,
  to: PartitionModel,
  values: readonly string[],
  writing: Writing,
): Generator<undefined, "ok" | "failed" | "unknown"> {
  const id = world.number();
  const { topic, partition } = to;
  world.note({ op: "send", process, id, transaction, topic, partition, values });
  yield;
  const fate = world.random.uniform();
  if (fate < 0.06) {
    world.note({ op: "sent", process, id, outcome: "failed" });
    return "failed";
  }
  const isLost = fate < 0.09;
  const offsets = isLost ? [] : values.map((value) => to.append(value, writing));
  yield;
  if (fate < 0.12) {
    if (world.chance(0.5)) world.note({ op: "sent", process, id, outcome: "unknown" });
    return "unknown";
  }
  const told = world.chance(0.8) ? { offsets } : {};
  world.note({ op: "sent", process, id, outcome: "ok", ...told });
  return "ok";
}

/** Sends one by one, each for itself. */
function* plainWriter(world: World): Actor {
  for (;;) {
    const process = world.name("writer");
    for (const to = world.pick(world.input); !world.chance(0.05); ) {
      const values = Array.from({ length: 1 + world.random.integer(2) }, () => world.name("v"));
      const outcome = yield* send(world, process, null, to, values, { state: "committed" });
      if (outcome === "unknown") break;
      yield;
    }
  }
}

/**
 * Asks for the end and hears of it, or not. Whoever hears nothing opens anew, which settles what was
 * open before (the caller's next incarnation may read only then).
 */
function* end(
  world: World,
  process: string,
  transaction: string,
  writing: Writing,
  touched: ReadonlySet<PartitionModel>,
  wanted: "commit" | "abort",
  committed: () => void,
): Generator<undefined, "committed" | "aborted" | "unknown"> {
  const settle = (state: "committed" | "aborted"): void => {
    writing.state = state;
    for (const each of touched) each.append(null, writing);
    if (state === "committed") committed();
  };
  if (world.chance(0.05)) {
    // Killed before it asked: the log takes the transaction back.
    yield;
    settle("aborted");
    return "unknown";
  }
  world.note({ op: "ending", process, transaction, commit: wanted === "commit" });
  yield;
  const isHeard = world.chance(0.85);
  const isDone = wanted === "commit" && (isHeard || world.chance(0.5));
  settle(isDone ? "committed" : "aborted");
  yield;
  if (!isHeard) {
    if (world.chance(0.5)) world.note({ op: "ended", process, transaction, outcome: "unknown" });
    return "unknown";
  }
  const outcome = isDone ? "committed" : "aborted";
  world.note({ op: "ended", process, transaction, outcome });
  return outcome;
}

/** Sends to several partitions in one transaction after another. */
function* transactionalWriter(world: World): Actor {
  for (;;) {
    const process = world.name("writer");
    for (let outcome = "committed"; outcome !== "unknown"; ) {
      const transaction = world.name("t");
      const writing: Writing = { state: "open" };
      const touched = new Set<PartitionModel>();
      world.note({ op: "begin", process, transaction });
      let wanted: "commit" | "abort" = world.chance(0.1) ? "abort" : "commit";
      for (let sends = 1 + world.random.integer(5); sends > 0 && wanted === "commit"; sends--) {
        const to = world.pick(world.input);
        touched.add(to);
        const values = Array.from({ length: 1 + world.random.integer(2) }, () => world.name("v"));
        const sent = yield* send(world, process, transaction, to, values, writing);
        // A careless client asks for the commit of what it does not know: the log is not to blame.
        if (sent === "failed" || (sent === "unknown" && world.chance(0.5))) wanted = "abort";
        yield;
      }
      outcome = yield* end(world, process, transaction, writing, touched, wanted, () => {
        // What is committed may be read before the writer hears of it.
        if (!world.chance(0.3)) return;
        const { topic, partition } = world.pick([...touched]);
        const records = (world.input[partition] as PartitionModel).read(0, 1000);
        world.note({ op: "assign", process });
        world.note({ op: "poll", process, transaction: null, topic, partition, records });
        world.note({ op: "assign", process });
      });
    }
  }
}

/** Reads a partition of the input and writes a value for each of its records, exactly once. */
function* task(world: World, from: PartitionModel): Actor {
  let stored = 0;
  for (;;) {
    const process = world.name("task");
    world.note({ op: "assign", process });
    let position = stored;
    let before: Operation | null = null;
    for (let outcome = "committed"; outcome !== "unknown"; ) {
      yield;
      const transaction = world.name("t");
      const writing: Writing = { state: "open" };
      const touched = new Set<PartitionModel>();
      let wanted: "commit" | "abort" = "commit";
      const start = position;
      world.note({ op: "begin", process, transaction, group: GROUP });
      for (let polls = 1 + world.random.integer(2); polls > 0 && wanted === "commit"; polls--) {
        const records = from.read(position, 1 + world.random.integer(4));
        const { topic, partition } = from;
        const poll = world.note({ op: "poll", process, transaction, topic, partition, records });
        if (before !== null && records.length > 0) world.continued.set(poll, before);
        if (records.length > 0) before = poll;
        position = (records.at(-1)?.[0] ?? position - 1) + 1;
        for (const [offset] of records) {
          const to = world.output[offset % 2] as PartitionModel;
          touched.add(to);
          const values = [`of-${partition}-${offset}`];
          if ((yield* send(world, process, transaction, to, values, writing)) !== "ok") {
            wanted = "abort";
            break;
          }
        }
        yield;
      }
      const reached = position;
      outcome = yield* end(world, process, transaction, writing, touched, wanted, () => {
        stored = reached;
      });
      if (outcome === "aborted") {
        position = start;
        before = null;
      }
    }
  }
}

/** Follows a partition; now and then a rebalance puts it elsewhere. */
function* consumer(world: World): Actor {
  for (;;) {
    const process = world.name("consumer");
    const from = world.pick(world.all);
    const { topic, partition } = from;
    let position = 0;
    let before: Operation | null = null;
    while (!world.chance(0.03)) {
      yield;
      if (world.chance(0.1)) {
        world.note({ op: "assign", process });
        position = world.random.integer(position + 3);
        before = null;
      }
      const records = from.read(position, 1 + world.random.integer(5));
      if (records.length === 0 && world.chance(0.8)) continue;
      const poll = world.note({
        op: "poll",
        process,
        transaction: null,
        topic,
        partition,
        records,
      });
      if (before !== null && records.length > 0) world.continued.set(poll, before);
      if (records.length > 0) before = poll;
      position = (records.at(-1)?.[0] ?? position - 1) + 1;
    }
  }
}

/** Reads in transactions; is put elsewhere within one, and goes on as each of them ended. */
function* transactionalReader(world: World): Actor {
  const process = world.name("reader-in-transactions");
  const from = world.pick(world.all);
  const { topic, partition } = from;
  for (let position = 0; ; ) {
    yield;
    const transaction = world.name("t");
    const writing: Writing = { state: "open" };
    let start = position;
    world.note({ op: "begin", process, transaction });
    for (let polls = world.random.integer(4); polls > 0; polls--) {
      const records = from.read(position, 1 + world.random.integer(3));
      world.note({ op: "poll", process, transaction, topic, partition, records });
      position = (records.at(-1)?.[0] ?? position - 1) + 1;
      yield;
      if (world.chance(0.2)) {
        world.note({ op: "assign", process });
        position = start = world.random.integer(position + 2);
      }
    }
    const wanted = world.chance(0.7) ? "commit" : "abort";
    const reached = position;
    let isCommitted = false;
    yield* end(world, process, transaction, writing, new Set(), wanted, () => {
      isCommitted = true;
    });
    position = isCommitted ? reached : start;
  }
}

/** In the end nothing is open, and someone reads everything. */
function readAll(world: World): void {
  const process = "reader";
  for (const from of world.all) {
    const { topic, partition } = from;
    let before: Operation | null = null;
    for (let position = 0; ; ) {
      const records = from.read(position, 1 + world.random.integer(20));
      const last = records.at(-1);
      if (last === undefined) break;
      position = last[0] + 1;
      const poll = world.note({
        op: "poll",
        process,
        transaction: null,
        topic,
        partition,
        records,
      });
      if (before !== null) world.continued.set(poll, before);
      before = poll;
    }
    world.note({ op: "caught-up", process, topic, partition });
  }
}

export function validHistory(seed: number): ValidHistory {
  const world = new World(seed);
  const actors = [
    plainWriter(world),
    transactionalWriter(world),
    transactionalWriter(world),
    ...world.input.map((from) => task(world, from)),
    consumer(world),
    transactionalReader(world),
  ];
  for (let step = 0; step < STEPS; step++) world.pick(actors).next();
  settleAll(world);
  readAll(world);
  if (world.chance(0.5)) return world;
  return withLogicalOffsets(world);
}

/** Whoever is still in a transaction is fenced: it is taken back. */
function settleAll(world: World): void {
  for (const each of world.all) each.settleOpen();
}

function withLogicalOffsets(world: World): ValidHistory {
  const maps = new Map(
    world.all.map((each) => [`${each.topic}/${each.partition}`, each.logicalOffsets()]),
  );
  const sentTo = new Map<string, ReadonlyMap<number, number>>();
  const rewritten = new Map<Operation, Operation>();
  for (const operation of world.operations) {
    let next = operation;
    if (operation.op === "send") {
      const { process, id, topic, partition } = operation;
      sentTo.set(`${process} ${id}`, maps.get(`${topic}/${partition}`) ?? new Map());
    } else if (operation.op === "sent" && operation.offsets !== undefined) {
      const { offsets } = operation;
      const map = sentTo.get(`${operation.process} ${operation.id}`);
      next = { ...operation, offsets: offsets.map((offset) => map?.get(offset) as number) };
    } else if (operation.op === "poll") {
      const map = maps.get(`${operation.topic}/${operation.partition}`);
      const records = operation.records.map(
        ([offset, value]) => [map?.get(offset) as number, value] as const,
      );
      next = { ...operation, records };
    }
    rewritten.set(operation, next);
  }
  const continued = [...world.continued].map(
    ([poll, before]) =>
      [rewritten.get(poll) as Operation, rewritten.get(before) as Operation] as const,
  );
  return { operations: [...rewritten.values()], continued: new Map(continued) };
}
