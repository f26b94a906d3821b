// Sends dead letters on their way again. Promises: a letter is sent once, also when this process is
// killed anywhere: its event and its mark in the ledger are one transaction; letters of one key go in
// their original order; a feed may write the same topics meanwhile, neither harms the other; nothing
// is written into a topic that a task of the flow writes.

import { setTimeout as pause } from "node:timers/promises";
import { Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { formatIsoUs } from "../../../schemas/values/time.ts";
import { isTopicName } from "../../../streams/catalogue.ts";
import type { DeadLetterFix } from "../../../streams/dead-letter-fix.ts";
import type { AnyEvent } from "../../../streams/event.ts";
import { eventAt } from "../../../streams/event-at.ts";
import type { EntryChange, RecordBatch } from "../../../streams/log.ts";
import { partitionOf } from "../../../streams/partition.ts";
import { encodeValue, writeRecord } from "../../../streams/record.ts";
import { type Letter, readLetters } from "../../dlq/letters.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { ResolvingSchemaIds } from "../log/decode-resolved.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import { type Attempt, decodeAgain, fail, type Mended, mendLetter } from "./attempt.ts";
import { type Decision, decideRedrive, type Tried } from "./decide.ts";
import { Ledger } from "./ledger.ts";
import { wholeLetter } from "./whole-letter.ts";

export interface RedriveOptions {
  readonly connection: KafkaConnection;
  readonly schemaIds: ResolvingSchemaIds;
  /** Reads the flow's topics. */
  readonly live: KafkaLog;
  /** Writes them, as `operatorOf(app)`, shared with the feed. */
  readonly operator: KafkaLog;
  readonly app: string;
  readonly prefix: string;
  /** The open letters that are asked for. */
  readonly selects: (letter: Letter) => boolean;
  /** The dropped ones that are to be tried again; none where left out. */
  readonly takesBack?: (letter: Letter) => boolean;
  /** Null: today's code and registry decide. */
  readonly fix: DeadLetterFix | null;
  /** Says what would be done, and does nothing. */
  readonly dryRun: boolean;
  /** Letters in one transaction at most; 100. */
  readonly together?: number;
  /** For tests that end the process there, or do something in between. */
  readonly at?: (point: "sending" | "sent") => void | Promise<void>;
}

export interface Redriven {
  readonly decisions: readonly Decision[];
  /** By a letter's id the place of its event: "topic/partition/offset". Empty of a dry run. */
  readonly sent: ReadonlyMap<string, string>;
  /** How often another writer of the topics was first. */
  readonly conflicts: number;
}

const TOGETHER = 100;
/** Of one transaction: a feed that commits without a break lets one in twenty through. */
const MOST_ATTEMPTS = 1_000;
const PAUSE_MS = 20;

/** What another look at the ledger and the topics' ends mends. */
const PASSING: readonly string[] = [
  "STREAMS_OFFSET_CONFLICT",
  "KAFKA_TRANSACTION_ABORTED",
  "KAFKA_OUTCOME_UNKNOWN",
];

/** STREAMS_FENCED: another redrive has begun. */
export function redrive(options: RedriveOptions): Promise<Redriven> {
  return new Redrive(options).run();
}

class Redrive {
  private readonly options: RedriveOptions;
  private readonly sent = new Map<string, string>();
  private readonly partitions = new Map<TopicName, number>();
  private readonly sources = new Map<TopicName, boolean>();
  /** Ids of letters whose drop does not count any more. */
  private readonly takenBack = new Set<string>();
  private conflicts = 0;

  constructor(options: RedriveOptions) {
    this.options = options;
  }

  async run(): Promise<Redriven> {
    const { dryRun, connection, app, prefix, operator, together = TOGETHER } = this.options;
    let ledger = dryRun
      ? await Ledger.look(connection, app, prefix)
      : await Ledger.take(operator, prefix);
    const decisions = decideRedrive(await this.tryAll(ledger));
    const { sent } = this;
    if (dryRun) return { decisions, sent, conflicts: 0 };
    const todo = decisions.filter(({ action }) => action === "send" || action === "drop");
    for (let at = 0; at < todo.length; at += together) {
      ledger = await this.carry(todo.slice(at, at + together), ledger);
    }
    await this.markHeld(decisions, ledger);
    return { decisions, sent, conflicts: this.conflicts };
  }

  private async tryAll(ledger: Ledger): Promise<readonly Tried[]> {
    const { selects, takesBack = () => false } = this.options;
    const tried: Tried[] = [];
    for await (const letter of readLetters(this.options.live)) {
      const state = ledger.stateOf(letter)?.state;
      const isTakenBack = state === "dropped" && takesBack(letter);
      if (isTakenBack) this.takenBack.add(letter.id);
      else if (state === "redriven" || state === "dropped") continue;
      const attempt = isTakenBack || selects(letter) ? await this.attempt(letter) : null;
      tried.push({ letter, attempt });
    }
    return tried;
  }

  private async attempt(known: Letter): Promise<Attempt> {
    const { live, connection, fix, schemaIds } = this.options;
    const { letter, message } = await wholeLetter(known, live, connection);
    const made =
      fix === null
        ? await decodeAgain(letter, message, schemaIds)
        : mendLetter(letter, message, fix);
    return made.kind === "event" ? this.checked(made) : made;
  }

  /** Whether the event may stand in its topic. */
  private async checked(made: Attempt & { readonly kind: "event" }): Promise<Attempt> {
    const { event } = made;
    const { topic, timeUs } = event;
    if (!(await this.isSource(topic))) {
      const why = `${topic} is written by the flow's own tasks: drop it, by a fix that gives null`;
      return fail("STREAMS_TWO_WRITERS", why);
    }
    const view = await this.options.operator.view(topic, await this.partitionFor(event));
    const { logical, maxTimeUs } = await view.end();
    if (timeUs > Math.max(maxTimeUs, Date.now() * 1000)) {
      const why = `its time ${formatIsoUs(timeUs)} is yet to come: all after it would wait for it`;
      return fail("VALUE_TIME_INVALID", why);
    }
    const { claimed } = event;
    if (claimed === null || claimed >= logical) return made;
    const place = { topic, partition: view.partition, offset: claimed };
    const there = await eventAt(this.options.live, place).catch(() => null);
    if (there === null || !isSame(event, there)) return made;
    return { kind: "drop", why: `the same event is there: ${topic}/${place.partition}/${claimed}` };
  }

  /** A letter was written by a task of the flow: what state tasks have tells which there are. */
  private async isSource(topic: TopicName): Promise<boolean> {
    const known = this.sources.get(topic);
    if (known !== undefined) return known;
    const { app, connection } = this.options;
    const isBuilt = topic === "market.bars" && `${app}.bar-builder.changelog`;
    const found =
      OUTSIDE.includes(topic) &&
      (isBuilt === false || (await connection.partitionsOf(isBuilt)) === null);
    this.sources.set(topic, found);
    return found;
  }

  private async partitionFor({ topic, key }: Mended): Promise<number> {
    let count = this.partitions.get(topic);
    if (count === undefined) {
      const { connection, live } = this.options;
      count = (await connection.partitionsOf(live.kafkaName(topic))) ?? 1;
      this.partitions.set(topic, count);
    }
    return count === 1 ? 0 : partitionOf(key, count);
  }

  /** One transaction; gives the ledger to go on with. */
  private async carry(decisions: readonly Decision[], first: Ledger): Promise<Ledger> {
    const { operator, prefix, at } = this.options;
    let ledger = first;
    for (let attempt = 0; ; attempt++) {
      const left = decisions.filter(({ letter }) => !this.isDone(ledger, letter));
      const { produced, changes, places } = await this.transaction(left, ledger);
      try {
        await at?.("sending");
        const checkpoints = [ledger.checkpoint(changes)];
        if (changes.length > 0) await operator.commit({ produced, checkpoints });
        await at?.("sent");
        for (const [id, place] of places) this.sent.set(id, place);
        return ledger;
      } catch (error) {
        const passes = error instanceof TapedeckError && PASSING.includes(error.code);
        if (!passes || attempt === MOST_ATTEMPTS) throw error;
        if (error.code === "STREAMS_OFFSET_CONFLICT") {
          // Nothing was written: the ledger is still ours, and as it was.
          this.conflicts++;
          continue;
        }
        await pause(PAUSE_MS);
        ledger = await Ledger.take(operator, prefix);
        for (const { letter } of decisions) {
          const state = ledger.stateOf(letter);
          if (state?.state === "redriven") this.sent.set(letter.id, state.to);
        }
      }
    }
  }

  private isDone(ledger: Ledger, letter: Letter): boolean {
    const state = ledger.stateOf(letter)?.state;
    return state === "redriven" || (state === "dropped" && !this.takenBack.has(letter.id));
  }

  private async transaction(decisions: readonly Decision[], ledger: Ledger) {
    const lanes = new Map<string, Lane>();
    const changes: EntryChange[] = [];
    const places = new Map<string, string>();
    for (const decision of decisions) {
      const { letter } = decision;
      if (decision.action === "drop") {
        changes.push(ledger.change(letter, { state: "dropped", why: decision.why }));
      } else if (decision.action === "send") {
        const to = append(await this.laneFor(decision.event, lanes), decision.event);
        places.set(letter.id, to);
        changes.push(ledger.change(letter, { state: "redriven", to }));
      }
    }
    return { produced: [...lanes.values()].map(batchOf), changes, places };
  }

  private async laneFor(event: Mended, lanes: Map<string, Lane>): Promise<Lane> {
    const { topic } = event;
    const partition = await this.partitionFor(event);
    const key = `${topic}/${partition}`;
    const known = lanes.get(key);
    if (known !== undefined) return known;
    const view = await this.options.operator.view(topic, partition);
    const { logical, maxTimeUs } = await view.end();
    const lane = { topic, partition, baseOffset: logical, maxTimeUs };
    const fresh = { ...lane, writer: new Writer(4096), traces: [] };
    lanes.set(key, fresh);
    return fresh;
  }

  /** So that a list shows it. */
  private async markHeld(decisions: readonly Decision[], ledger: Ledger): Promise<void> {
    const changes = decisions.flatMap((decision) =>
      decision.action === "hold"
        ? [ledger.change(decision.letter, { state: "held", by: decision.by })]
        : [],
    );
    if (changes.length === 0) return;
    const checkpoints = [ledger.checkpoint(changes)];
    await this.options.operator.commit({ produced: [], checkpoints });
  }
}

/** Topics that the world writes; bars only where the flow builds none. */
const OUTSIDE: readonly TopicName[] = [
  "market.instruments",
  "market.corporate-actions",
  "market.status",
  "market.rates",
  "market.ticks",
  "market.quotes",
  "market.bars",
  "control.commands",
];

/** What goes to one partition in one transaction. */
interface Lane {
  readonly topic: TopicName;
  readonly partition: number;
  readonly baseOffset: number;
  maxTimeUs: number;
  readonly writer: Writer;
  readonly traces: (string | null)[];
}

/** Gives the event's place. */
function append(lane: Lane, { timeUs, origin, value, trace }: Mended): string {
  const { topic, partition, baseOffset, writer, traces } = lane;
  writeRecord(writer, topic, timeUs, origin, null, 0, value);
  lane.maxTimeUs = Math.max(lane.maxTimeUs, timeUs);
  return `${topic}/${partition}/${baseOffset + traces.push(trace) - 1}`;
}

const batchOf = ({ writer, traces, ...lane }: Lane): RecordBatch => ({
  ...lane,
  count: traces.length,
  bytes: writer.bytes.slice(0, writer.pos),
  traces,
});

function isSame(event: Mended, there: AnyEvent): boolean {
  const bytes = (value: unknown): Buffer => {
    const writer = new Writer(256);
    encodeValue(writer, { topic: event.topic, value } as AnyEvent);
    return Buffer.from(writer.bytes.subarray(0, writer.pos));
  };
  return event.timeUs === there.timeUs && bytes(event.value).equals(bytes(there.value));
}

/** Letters about Kafka messages and events; rows of imported files have no topic to go to. */
export const mayRedrive = ({ refused }: Letter): boolean => isTopicName(refused.origin);
