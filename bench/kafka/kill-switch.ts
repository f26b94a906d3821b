// From an operator's KillTrading to the last cancel, in a live paper flow with an order gate, under 1,000 ticks a
// second: an instance in a process of its own, fed, commanded and read from here, on one clock. Limit orders of ten
// symbols rest at the venue and are sent anew as views turn; each round kills, waits, and enables trading again.
//
// A round's time starts before the command is handed over (finding the topic's end included), and ends when the last
// of the gate's cancels is read as committed; beside it when the venue's last answer is. No new order may pass
// between a kill's place on the tape and its end: one that does fails the run.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseOverride } from "../../infra/config/load-config.ts";
import { connectKafka, type KafkaConnection } from "../../infra/kafka/client/connection.ts";
import { sendCommand } from "../../infra/kafka/control/send-command.ts";
import type { KafkaLog } from "../../infra/kafka/log/kafka-log.ts";
import { TopicDecoder } from "../../infra/kafka/wire/topic-decoder.ts";
import { flowTopology } from "../../processors/topology.ts";
import { Writer } from "../../schemas/avro.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../../streams/event.ts";
import { createOutputs, planTasks } from "../../streams/live-plan.ts";
import { RecordCursor, writeRecord } from "../../streams/record.ts";
import { command } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { report } from "../measured.ts";
import { brokerOf, deleteTopics, quickOr } from "./broker-of.ts";
import { logOf, schemaIds } from "./copy-flow.ts";
import { SYMBOLS, verdictConfig } from "./verdict-flow.ts";

const TICKS_PER_SECOND = 1_000;
const ROUNDS = quickOr(5, 60);
const WARM_MS = quickOr(2_000, 5_000);
const BOUND_MS = 100;
/** After a kill, before its round is looked at; and how much longer cancels and answers are waited for. */
const QUIET_MS = 300;
const TAIL_MS = 5_000;
/** Longest that orders are waited for before a kill. */
const REST_MS = 10_000;
/** Ticks of a symbol between two turns of its view. */
const TURN = 20;
const CHANGES = [
  "orders.type=limit",
  "orders.limitOffset=0.05",
  "orders.latency=1ms",
  "risk.orders={ approvedOnly: true, orderRate: 1000 in 1s, maxPriceAge: 10s }",
];

const settings = [
  { name: "as it comes (wait 20 ms, linger 5 ms)", waitUs: 20_000, lingerMs: 5 },
  { name: "prompt (wait 2 ms, linger 0)", waitUs: 2_000, lingerMs: 0 },
] as const;

const nowUs = (): number => Math.floor((performance.timeOrigin + performance.now()) * 1000);

/** Ticks on the clock, until it is stopped. */
class Feed {
  private readonly log: KafkaLog;
  private over = false;

  constructor(log: KafkaLog) {
    this.log = log;
  }

  async run(): Promise<void> {
    const startMs = performance.now();
    const writer = new Writer(1 << 16);
    for (let next = 0; !this.over; ) {
      const end = Math.floor(((performance.now() - startMs) * TICKS_PER_SECOND) / 1000);
      if (end === next) {
        await pause(1);
        continue;
      }
      writer.pos = 0;
      const maxTimeUs = nowUs();
      for (let i = next; i < end; i++) {
        const isUp = Math.floor(i / SYMBOLS / TURN) % 2 === 0;
        const price = 10_000 + (isUp ? 1 : -1) * (1 + (Math.floor(i / SYMBOLS) % TURN));
        const tick = {
          symbol: `S${i % SYMBOLS}`,
          price,
          quantity: 100,
          venue: "",
          suspicious: false,
        };
        writeRecord(writer, "market.ticks", maxTimeUs, i, null, 0, tick);
      }
      const bytes = writer.bytes.subarray(0, writer.pos);
      const place = { topic: "market.ticks", partition: 0, baseOffset: next, count: end - next };
      await this.log.commit({ produced: [{ ...place, maxTimeUs, bytes }], checkpoints: [] });
      next = end;
    }
  }

  stop(): void {
    this.over = true;
  }
}

/** Shows each event of a topic as it is read as committed, until it is stopped. */
class Reader {
  private over = false;

  async run(
    connection: KafkaConnection,
    prefix: string,
    topic: TopicName,
    see: (event: AnyEvent, atMs: number) => void,
  ): Promise<void> {
    const fetcher = connection.fetcher();
    const decoder = new TopicDecoder({ topic, partition: 0 }, schemaIds);
    fetcher.add(`${prefix}${topic}`, 0, 0);
    while (!this.over) {
      const piece = await fetcher.pull(100);
      const atMs = performance.now();
      for (const raw of piece?.batches ?? []) {
        const { batch } = decoder.decode(raw);
        if (batch === null) continue;
        const cursor = new RecordCursor(topic, 0, batch.baseOffset, batch.bytes);
        for (let event = cursor.read(); event !== null; event = cursor.read()) see(event, atMs);
      }
    }
    fetcher.close();
  }

  stop(): void {
    this.over = true;
  }
}

/** What the rounds have come to. */
class Rounds {
  readonly cancels: number[] = [];
  readonly answers: number[] = [];
  /** Of the first: until the command itself was durable. */
  readonly commands: number[] = [];
  canceled = 0;
  passedWhileKilled = 0;
  /** Orders that were let through, and of whose end nothing was heard. */
  readonly resting = new Set<number>();
  pressedMs = 0;
  durableMs = 0;
  lastCancelMs = 0;
  lastAnswerMs = 0;
  private readonly waiting = new Set<number>();

  begin(): void {
    this.waiting.clear();
    this.lastCancelMs = 0;
    this.lastAnswerMs = 0;
    this.pressedMs = performance.now();
  }

  isDurable(): void {
    this.durableMs = performance.now();
  }

  verdict(event: AnyEvent, atMs: number): void {
    if (event.topic !== "risk.order-verdicts") return;
    const { outcome, reason, state, order } = event.value;
    if (outcome === "PASS" && order.action === "NEW") this.resting.add(order.orderId);
    if (reason === "KillSwitch") {
      this.waiting.add(order.orderId);
      this.lastCancelMs = atMs;
      this.canceled++;
    } else if (outcome === "PASS" && state === "KILLED" && order.action !== "CANCEL") {
      this.passedWhileKilled++;
    }
  }

  answer(event: AnyEvent, atMs: number): void {
    if (event.topic !== "fills") return;
    if (event.value.leavesQuantity === 0) this.resting.delete(event.value.orderId);
    // An order that had ended by itself just before answers too.
    const { execType } = event.value;
    if (execType !== "CANCELED" && execType !== "CANCEL_REJECTED") return;
    if (this.waiting.delete(event.value.orderId)) this.lastAnswerMs = atMs;
  }

  get isWaiting(): boolean {
    return this.lastCancelMs === 0 || this.waiting.size > 0;
  }

  /** False where nothing worked when the command came. */
  end(): boolean {
    if (this.lastCancelMs === 0) return false;
    if (this.waiting.size > 0) throw new Error(`${this.waiting.size} cancels were not answered`);
    this.commands.push(this.durableMs - this.pressedMs);
    this.cancels.push(this.lastCancelMs - this.pressedMs);
    this.answers.push(this.lastAnswerMs - this.pressedMs);
    return true;
  }
}

async function createTopics(log: KafkaLog): Promise<void> {
  const topology = flowTopology((await verdictConfig(CHANGES.map(parseOverride))).flow);
  for (const topic of topology.sources) await log.createTopic(topic, 1);
  await createOutputs(
    log,
    topology,
    planTasks(topology, 1, () => 1),
  );
  const writer = new Writer();
  for (let i = 0; i < SYMBOLS; i++) {
    writeRecord(writer, "market.instruments", 0, i, null, 0, equity(`S${i}`));
  }
  const bytes = writer.bytes.subarray(0, writer.pos);
  const place = { topic: "market.instruments", partition: 0, baseOffset: 0, count: SYMBOLS };
  await log.commit({ produced: [{ ...place, maxTimeUs: 0, bytes }], checkpoints: [] });
}

async function kill(rounds: Rounds, operator: KafkaLog): Promise<void> {
  for (let tries = 0; rounds.cancels.length < ROUNDS; tries++) {
    // A machine that is busy with other things may take its time to have orders rest again.
    for (let left = REST_MS; rounds.resting.size < SYMBOLS / 2 && left > 0; left -= 50)
      await pause(50);
    if (tries > 2 * ROUNDS + 20) throw new Error("in most rounds nothing worked");
    rounds.begin();
    await sendCommand(operator, command("KillTrading"), nowUs());
    rounds.isDurable();
    await pause(QUIET_MS);
    for (let left = TAIL_MS; rounds.isWaiting && left > 0; left -= QUIET_MS) await pause(QUIET_MS);
    rounds.end();
    await sendCommand(operator, command("EnableTrading"), nowUs());
    // Until orders rest again; not in step with the turns of the views.
    await pause(250 + 37 * (tries % 7));
  }
}

async function measure(setting: (typeof settings)[number], prefix: string): Promise<void> {
  const broker = brokerOf();
  const connection = await connectKafka({ brokers: [broker], clientId: "kill-switch" });
  const app = prefix.slice(0, -1);
  const log = logOf(connection, `${app}.feed`, prefix);
  const operator = logOf(connection, `${app}.operator`, prefix);
  await createTopics(log);
  const args = [broker, prefix, app, String(setting.waitUs), String(setting.lingerMs), ...CHANGES];
  const child = fork(join(import.meta.dirname, "serve-flow.ts"), args);
  await once(child, "message");
  const rounds = new Rounds();
  const [feed, verdicts, answers] = [new Feed(log), new Reader(), new Reader()];
  const running = [
    verdicts.run(connection, prefix, "risk.order-verdicts", (event, atMs) =>
      rounds.verdict(event, atMs),
    ),
    answers.run(connection, prefix, "fills", (event, atMs) => rounds.answer(event, atMs)),
    feed.run(),
  ];
  await pause(WARM_MS);
  await kill(rounds, operator);
  for (const each of [feed, verdicts, answers]) each.stop();
  await Promise.all(running);
  child.disconnect();
  await once(child, "exit");
  publish(setting.name, rounds);
  await operator.close();
  await log.close();
  const admin = await connection.admin();
  const own = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  await deleteTopics(connection, own);
  await connection.close();
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};

function publish(
  name: string,
  { commands, cancels, answers, canceled, passedWhileKilled }: Rounds,
): void {
  console.log(
    `${name}: ${cancels.length} kills, ${canceled} cancels; ${passedWhileKilled} new orders let through while killed; ` +
      `the command itself durable: p50 ${quantile(commands, 0.5).toFixed(0)} ms, p99 ${quantile(commands, 0.99).toFixed(0)} ms`,
  );
  for (const [what, values] of [
    ["last cancel", cancels],
    ["venue's last answer", answers],
  ] as const) {
    for (const [label, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const) {
      const value = quantile(values, share);
      const isBound = what === "last cancel" && label === "p99";
      const missed = isBound && value > BOUND_MS ? { missed: `at most ${BOUND_MS} ms` } : {};
      const reference = isBound ? BOUND_MS : null;
      const ratio = isBound ? BOUND_MS / value : null;
      report({
        name: `kill switch to ${what}, ${name}, ${label}`,
        value,
        unit: "ms",
        reference,
        ratio,
        ...(isBound ? { against: "the bound of issue 5" } : {}),
        ...missed,
      });
    }
  }
  if (passedWhileKilled > 0) throw new Error("an order passed after KillTrading");
}

for (const [index, setting] of settings.entries()) await measure(setting, `kill${index}.`);
