// How much there is to read, asked of Kafka itself whatever the fetches say. Promises: a partition is asked
// for by one request at a time, however long that hangs; a cluster that no longer answers is known after a
// few looks, and said once; that it answers again is said too.

import type { Log } from "../../telemetry/logs.ts";
import type { KafkaConnection } from "../client/connection.ts";

export interface EndPlace {
  /** As Kafka has it. */
  readonly topic: string;
  readonly partition: number;
}

interface Asked extends EndPlace {
  /** A request is on its way. */
  asking: boolean;
  /** Looks since the last answer. Counted, not timed: a process that was busy itself heard nothing. */
  looks: number;
  failure: unknown;
}

/** Looks without an answer at which a partition counts as silent. */
const SILENT_LOOKS = 3;

export class EndWatch {
  private readonly connection: Pick<KafkaConnection, "listOffset">;
  private readonly log: Log;
  private readonly asked = new Map<string, Asked>();
  private silentSinceMs: number | null = null;
  /** Whether any answer came since the last look. */
  private answered = false;

  constructor(connection: Pick<KafkaConnection, "listOffset">, log: Log) {
    this.connection = connection;
    this.log = log;
  }

  /** Asks for the ends of these partitions, and forgets all others; `heard` gets each answer. */
  look(places: readonly EndPlace[], heard: (place: EndPlace, end: number) => void): void {
    const wanted = new Map(places.map((place) => [keyOf(place), place]));
    for (const key of this.asked.keys()) if (!wanted.has(key)) this.asked.delete(key);
    for (const [key, { topic, partition }] of wanted) {
      const one = this.asked.get(key) ?? begin(topic, partition);
      this.asked.set(key, one);
      one.looks++;
      if (!one.asking) void this.ask(one, heard);
    }
    this.tell();
  }

  /** As of the last look. What is silent and then forgotten has not answered by that. */
  get silent(): boolean {
    return this.silentSinceMs !== null;
  }

  isSilent(place: EndPlace): boolean {
    const one = this.asked.get(keyOf(place));
    return one !== undefined && isSilent(one);
  }

  private async ask(one: Asked, heard: (place: EndPlace, end: number) => void): Promise<void> {
    const { topic, partition } = one;
    one.asking = true;
    try {
      const end = await this.connection.listOffset(topic, partition, "stable-end");
      one.looks = 0;
      one.failure = null;
      this.answered = true;
      // Of what was forgotten meanwhile nobody wants to hear.
      if (this.asked.get(keyOf(one)) === one) heard({ topic, partition }, end);
    } catch (error) {
      one.failure = error;
    } finally {
      one.asking = false;
    }
  }

  private tell(): void {
    const silent = [...this.asked.values()].filter(isSilent);
    if (silent.length > 0 && this.silentSinceMs === null) {
      this.silentSinceMs = performance.now();
      const error = silent.find(({ failure }) => failure !== null)?.failure;
      this.log.write("warn", "Kafka does not answer", {
        partitions: silent.map(keyOf).join(", "),
        ...(error === undefined ? {} : { error }),
      });
    }
    const { answered } = this;
    this.answered = false;
    if (silent.length > 0 || this.silentSinceMs === null || !answered) return;
    const silentMs = Math.round(performance.now() - this.silentSinceMs);
    this.silentSinceMs = null;
    this.log.write("info", "Kafka answers again", { silentMs });
  }
}

const keyOf = ({ topic, partition }: EndPlace): string => `${topic}/${partition}`;

const begin = (topic: string, partition: number): Asked => ({
  topic,
  partition,
  asking: false,
  looks: 0,
  failure: null,
});

const isSilent = ({ looks, failure }: Asked): boolean => failure !== null || looks > SILENT_LOOKS;
