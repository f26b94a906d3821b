// A history as tables. Promises: names become numbers once, each process keeps its own order, and
// nothing is judged yet. Cost: linear; about 150 bytes a value and 20 a record read.

import { invalid, type Operation } from "./operation.ts";

export interface Attempt {
  readonly process: number;
  readonly transaction: Transaction | null;
  readonly partition: Partition;
  readonly value: number;
  outcome: "ok" | "failed" | "unknown";
  /** As the acknowledgement says; -1: it does not. */
  offset: number;
}

export interface Transaction {
  readonly name: string;
  readonly process: number;
  readonly group: string | null;
  readonly sends: Attempt[];
  readonly polls: Poll[];
  commitAsked: boolean;
  commitAskedUs: number | null;
  outcome: "committed" | "aborted" | "unknown" | null;
}

export interface Poll {
  readonly process: number;
  readonly transaction: Transaction | null;
  readonly partition: Partition;
  readonly offsets: readonly number[];
  readonly values: readonly number[];
  readonly atUs: number | null;
}

export interface Partition {
  readonly name: string;
  readonly topic: string;
  /** Processes that read the whole of it in the end. */
  readonly caughtUp: Set<number>;
}

/** What a process did, in its order. */
export type Step =
  | { readonly kind: "begin" | "ending" | "ended"; readonly transaction: Transaction }
  | { readonly kind: "send"; readonly attempts: readonly Attempt[] }
  | { readonly kind: "poll"; readonly poll: Poll }
  | { readonly kind: "assign" };

export class Gathered {
  readonly processes: string[] = [];
  /** Steps of each process. */
  readonly steps: Step[][] = [];
  /** The text of each value. */
  readonly values: string[] = [];
  /** Attempts to write each value: none, one, or several. */
  readonly attemptsOf: Attempt[][] = [];
  readonly partitions = new Map<string, Partition>();
  readonly transactions = new Map<string, Transaction>();
  readonly polls: Poll[] = [];
  operations = 0;
  private readonly processIds = new Map<string, number>();
  private readonly valueIds = new Map<string, Map<string, number>>();
  /** Of each process, what it sent and may still hear of. */
  private readonly underWay: Map<number, Attempt[]>[] = [];

  add(operation: Operation): void {
    this.operations++;
    const process = this.processId(operation.process);
    const steps = this.steps[process] as Step[];
    switch (operation.op) {
      case "begin":
        steps.push({ kind: "begin", transaction: this.begin(process, operation) });
        break;
      case "send":
        steps.push({ kind: "send", attempts: this.send(process, operation) });
        break;
      case "sent":
        this.sent(process, operation);
        break;
      case "ending": {
        const transaction = this.transaction(process, operation.transaction);
        transaction.commitAsked = operation.commit;
        // Asked for again, it may have been carried out the first time.
        if (operation.commit) transaction.commitAskedUs ??= operation.atUs ?? null;
        steps.push({ kind: "ending", transaction });
        break;
      }
      case "ended": {
        const transaction = this.transaction(process, operation.transaction);
        transaction.outcome = operation.outcome;
        steps.push({ kind: "ended", transaction });
        break;
      }
      case "poll":
        steps.push({ kind: "poll", poll: this.poll(process, operation) });
        break;
      case "assign":
        steps.push({ kind: "assign" });
        break;
      case "caught-up":
        this.partition(operation.topic, operation.partition).caughtUp.add(process);
        break;
    }
  }

  private begin(process: number, operation: Operation & { op: "begin" }): Transaction {
    const name = operation.transaction;
    if (this.transactions.has(name)) throw invalid(name, "begins twice");
    const transaction: Transaction = {
      name,
      process,
      group: operation.group ?? null,
      sends: [],
      polls: [],
      commitAsked: false,
      commitAskedUs: null,
      outcome: null,
    };
    this.transactions.set(name, transaction);
    return transaction;
  }

  private send(process: number, operation: Operation & { op: "send" }): Attempt[] {
    const { id, topic } = operation;
    const open = this.underWay[process] as Map<number, Attempt[]>;
    if (open.has(id)) throw invalid(`${operation.process} send ${id}`, "is not the only one");
    const partition = this.partition(topic, operation.partition);
    const name = operation.transaction;
    const transaction = name === null ? null : this.transaction(process, name);
    const attempts = operation.values.map((text) => {
      const value = this.valueId(topic, text);
      const attempt: Attempt = {
        process,
        transaction,
        partition,
        value,
        outcome: "unknown",
        offset: -1,
      };
      this.attemptsOf[value]?.push(attempt);
      transaction?.sends.push(attempt);
      return attempt;
    });
    open.set(id, attempts);
    return attempts;
  }

  private sent(process: number, operation: Operation & { op: "sent" }): void {
    const { id, outcome, offsets } = operation;
    const attempts = this.underWay[process]?.get(id);
    const where = `${operation.process} send ${id}`;
    if (attempts === undefined) throw invalid(where, "has an outcome but was not made");
    if (offsets !== undefined && offsets.length !== attempts.length) {
      throw invalid(where, `has ${attempts.length} values and ${offsets.length} offsets`);
    }
    for (const [i, attempt] of attempts.entries()) {
      attempt.outcome = outcome;
      attempt.offset = offsets?.[i] ?? -1;
    }
  }

  private poll(process: number, operation: Operation & { op: "poll" }): Poll {
    const { topic, records } = operation;
    const name = operation.transaction;
    const poll: Poll = {
      process,
      transaction: name === null ? null : this.transaction(process, name),
      partition: this.partition(topic, operation.partition),
      offsets: records.map(([offset]) => offset),
      values: records.map(([, text]) => this.valueId(topic, text)),
      atUs: operation.atUs ?? null,
    };
    poll.transaction?.polls.push(poll);
    this.polls.push(poll);
    return poll;
  }

  private transaction(process: number, name: string): Transaction {
    const transaction = this.transactions.get(name);
    if (transaction?.process !== process) {
      throw invalid(`${this.processes[process]}`, `did not begin transaction ${name}`);
    }
    return transaction;
  }

  private partition(topic: string, number: number): Partition {
    const name = `${topic}/${number}`;
    let partition = this.partitions.get(name);
    if (partition === undefined) {
      partition = { name, topic, caughtUp: new Set() };
      this.partitions.set(name, partition);
    }
    return partition;
  }

  private processId(name: string): number {
    let id = this.processIds.get(name);
    if (id === undefined) {
      id = this.processes.push(name) - 1;
      this.processIds.set(name, id);
      this.steps.push([]);
      this.underWay.push(new Map());
    }
    return id;
  }

  private valueId(topic: string, text: string): number {
    let ids = this.valueIds.get(topic);
    if (ids === undefined) {
      ids = new Map();
      this.valueIds.set(topic, ids);
    }
    let id = ids.get(text);
    if (id === undefined) {
      id = this.values.push(text) - 1;
      ids.set(text, id);
      this.attemptsOf.push([]);
    }
    return id;
  }
}
