// A partition read up to an end that the cluster told. Promises: what lies before that end is read, or
// an error says that it cannot be; what waits, waits in pauses and not for ever.
//
// What a fetch tells as the end is no such end. After an election the new leader's high watermark lags
// behind what was committed, and it answers fetches by it without an error: only ListOffsets refuses
// until it has caught up (KIP-207). So the end is asked for first, and fetches go on until it is met.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Fetched, KafkaConnection } from "../client/connection.ts";

/** What reading takes of a connection. */
export type ReadConnection = Pick<KafkaConnection, "fetch" | "listOffset">;

interface KafkaPlace {
  readonly topic: string;
  readonly partition: number;
}

/** About half a minute: as long as a leader may take to learn what its followers have. */
const FRUITLESS_FETCHES = 300;
const LONGEST_PAUSE_MS = 100;

/** Counts the fetches of one reader that brought it nothing though there was more. */
export class Patience {
  private readonly place: KafkaPlace;
  private fruitless = 0;

  constructor({ topic, partition }: KafkaPlace) {
    this.place = { topic, partition };
  }

  /** After a fetch from `from` that led to `next`. KAFKA_UNREACHABLE where none has led on for long. */
  async after(from: number, next: number): Promise<void> {
    if (next > from) {
      this.fruitless = 0;
      return;
    }
    if (this.fruitless === FRUITLESS_FETCHES) throw stalled(this.place, from);
    await pause(Math.min(2 ** this.fruitless++, LONGEST_PAUSE_MS));
  }
}

/** The pieces from `from` to `end`, both Kafka offsets; the last one may reach beyond. */
export async function* piecesUntil(
  place: KafkaPlace,
  from: number,
  end: number,
  fetch: (from: number) => Promise<Fetched>,
): AsyncGenerator<Fetched, void, undefined> {
  const patience = new Patience(place);
  for (let next = from; next < end; ) {
    const fetched = await fetch(next);
    await patience.after(next, fetched.nextOffset);
    if (fetched.nextOffset <= next) continue;
    yield fetched;
    next = fetched.nextOffset;
  }
}

const stalled = ({ topic, partition }: KafkaPlace, offset: number): TapedeckError =>
  new TapedeckError(
    "KAFKA_UNREACHABLE",
    `${topic}/${partition} goes on at Kafka offset ${offset}, but its leader gives nothing from there`,
    { topic, partition, offset },
  );
