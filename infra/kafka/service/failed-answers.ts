// What a live pool gave no answer to, read from the tape by whoever runs the flow again: it followed from the machine, not
// from the request. Everything else is computed, as it was live.

import type { AnswerRequest } from "../../../processors/optimiser-pool/optimiser-pool.ts";
import { answerTo, failedAnswer } from "../../../processors/pool-work.ts";
import type { PoolAnswer } from "../../../schemas/generated/pool.answers.ts";
import { partitionCount } from "../../../streams/catalogue.ts";
import type { EventLog } from "../../../streams/log.ts";
import { RecordCursor } from "../../../streams/record.ts";

export class FailedAnswers {
  private readonly log: Pick<EventLog, "read">;
  /** Offset to read next of each partition. */
  private readonly next: number[];
  private readonly failed = new Map<string, PoolAnswer>();

  /** `log` reads the live topics, `partitions` as the live flow has them. */
  constructor(log: Pick<EventLog, "read">, partitions: number) {
    this.log = log;
    this.next = new Array<number>(partitionCount("pool.answers", partitions)).fill(0);
  }

  /** Takes what the topic holds by now. */
  async read(): Promise<void> {
    for (const [partition, from] of this.next.entries()) {
      let next = from;
      for (;;) {
        const batch = await this.log.read("pool.answers", partition, next);
        if (batch === null) break;
        this.take(new RecordCursor("pool.answers", partition, batch.baseOffset, batch.bytes));
        next = batch.baseOffset + batch.count;
      }
      this.next[partition] = next;
    }
  }

  private take(records: RecordCursor): void {
    for (let event = records.read(); event !== null; event = records.read()) {
      const { value } = event;
      const { status, portfolio, request } = value as PoolAnswer;
      if (status === "FAILED") this.failed.set(`${portfolio} ${request}`, value as PoolAnswer);
    }
  }

  /** As live answered the same request. */
  readonly answer: AnswerRequest = (request, latencyUs) => {
    const { portfolio, number, inputHash } = request;
    const known = this.failed.get(`${portfolio} ${number}`);
    return known?.inputHash === inputHash
      ? failedAnswer(request, latencyUs, known.reasons)
      : answerTo(request, latencyUs);
  };
}
