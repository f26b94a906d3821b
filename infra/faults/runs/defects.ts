// Mistakes that fault runs must find, planted between the product and its connection to Kafka. Each is one
// that systems of this kind were shipped with.

import { TapedeckError } from "../../../schemas/errors.ts";
import type {
  KafkaConnection,
  Transaction,
  TransactionalProducer,
  Written,
} from "../../kafka/client/connection.ts";

export const defectNames = [
  /** Outputs in one transaction, offsets and state in the next. */
  "split-transaction",
  /** Every owner writes under a name of its own: nobody is fenced. */
  "no-fence",
  /** A commit whose outcome is unknown is made again. */
  "blind-retry",
  /** A commit that failed counts as made. */
  "early-acknowledgement",
] as const;

export type DefectName = (typeof defectNames)[number];

export function withDefect(
  connection: KafkaConnection,
  defect: DefectName | null,
): KafkaConnection {
  if (defect === null) return connection;
  const producer: KafkaConnection["producer"] = async (id, timeoutMs) => {
    const open = (): Promise<TransactionalProducer> => connection.producer(id, timeoutMs);
    if (defect === "no-fence") return connection.producer(`${id}.${process.pid}`, timeoutMs);
    return new Defective(await open(), open, defect);
  };
  return {
    kafka: connection.kafka,
    admin: () => connection.admin(),
    close: () => connection.close(),
    partitionsOf: (topic) => connection.partitionsOf(topic),
    listOffset: (topic, partition, at) => connection.listOffset(topic, partition, at),
    fetch: (topic, partition, offset, options) =>
      connection.fetch(topic, partition, offset, options),
    fetcher: (options) => connection.fetcher(options),
    membership: (settings) => connection.membership(settings),
    producer,
  };
}

class Defective implements TransactionalProducer {
  private producer: TransactionalProducer;
  private readonly open: () => Promise<TransactionalProducer>;
  private readonly defect: DefectName;

  constructor(
    producer: TransactionalProducer,
    open: () => Promise<TransactionalProducer>,
    defect: DefectName,
  ) {
    this.producer = producer;
    this.open = open;
    this.defect = defect;
  }

  get id(): bigint {
    return this.producer.id;
  }

  get epoch(): number {
    return this.producer.epoch;
  }

  get dead(): boolean {
    return this.producer.dead;
  }

  close(): void {
    this.producer.close();
  }

  async commit(transaction: Transaction): Promise<readonly Written[]> {
    if (this.defect === "split-transaction") return this.commitInTwo(transaction);
    try {
      return await this.producer.commit(transaction);
    } catch (error) {
      const code = error instanceof TapedeckError ? error.code : null;
      const isLost = code === "KAFKA_OUTCOME_UNKNOWN" || code === "KAFKA_TRANSACTION_ABORTED";
      if (!isLost) throw error;
      this.producer = await this.open();
      if (this.defect === "blind-retry") return this.producer.commit(transaction);
      return transaction.batches.map(({ topic, partition }) => ({
        topic,
        partition,
        baseOffset: -1,
      }));
    }
  }

  private async commitInTwo({ batches, offsets }: Transaction): Promise<readonly Written[]> {
    const isState = ({ topic }: { readonly topic: string }) => topic.endsWith(".changelog");
    const outputs = batches.filter((batch) => !isState(batch));
    const written = await this.producer.commit({ batches: outputs });
    const state = await this.producer.commit({
      batches: batches.filter(isState),
      ...(offsets === undefined ? {} : { offsets }),
    });
    return [...written, ...state];
  }
}
