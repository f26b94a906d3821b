// What became of dead letters: a task's keyed state, written in the transactions that redrive them.
// Promises: a letter is marked if and only if what was made of it is in its topic; who takes the
// ledger ends every earlier redrive; looking takes nothing.

import type { EntryChange } from "../../../streams/log.ts";
import type { Letter } from "../../dlq/letters.ts";
import type { KafkaConnection } from "../client/connection.ts";
import { type ChangelogPlace, changelogOf, restoreTask } from "../log/changelog.ts";
import type { KafkaLog } from "../log/kafka-log.ts";

export type LetterState =
  /** `to`: "topic/partition/offset" of the event. */
  | { readonly state: "redriven"; readonly to: string }
  | { readonly state: "dropped"; readonly why: string }
  /** `by`: the earlier letter of its key that could not be sent. */
  | { readonly state: "held"; readonly by: string };

export const LEDGER = "dlq-redrive";
/** Transactional ids and the changelog of who redrives begin with it. */
export const operatorOf = (app: string): string => `${app}.operator`;
/** Where the ledger of an application lies. */
export const ledgerOf = (app: string): ChangelogPlace => changelogOf(operatorOf(app), LEDGER);

export class Ledger {
  private readonly entries: ReadonlyMap<string, Uint8Array>;
  private readonly prefix: string;
  private readonly epoch: number;

  private constructor(entries: ReadonlyMap<string, Uint8Array>, prefix: string, epoch: number) {
    this.entries = entries;
    this.prefix = prefix;
    this.epoch = epoch;
  }

  /** As it is now. */
  static async look(connection: KafkaConnection, app: string, prefix: string): Promise<Ledger> {
    const place = ledgerOf(app);
    if ((await connection.partitionsOf(place.topic)) === null)
      return new Ledger(new Map(), prefix, 0);
    const { entries } = await restoreTask(connection, place, null);
    return new Ledger(entries, prefix, 0);
  }

  /** Fences whoever had it; what that one had begun is settled. `log` is the operator's. */
  static async take(log: KafkaLog, prefix: string): Promise<Ledger> {
    const { entries, epoch } = await log.openTask(LEDGER);
    return new Ledger(entries, prefix, epoch);
  }

  /** Null: open. */
  stateOf({ id, refused }: Letter): LetterState | null {
    const bytes = this.entries.get(this.keyOf(id));
    if (bytes === undefined) return null;
    const { of, ...state } = JSON.parse(Buffer.from(bytes).toString()) as Entry;
    // A topic that was deleted and made again gives its numbers again.
    return of === originOf(refused) ? state : null;
  }

  change({ id, refused }: Letter, state: LetterState): EntryChange {
    const entry: Entry = { of: originOf(refused), ...state };
    return { key: this.keyOf(id), value: Buffer.from(JSON.stringify(entry)) };
  }

  /** For a commit that marks letters. */
  checkpoint(changes: readonly EntryChange[]) {
    return { task: LEDGER, epoch: this.epoch, consumed: [], state: new Uint8Array(0), changes };
  }

  private keyOf(id: string): string {
    return `${this.prefix}${id}`;
  }
}

type Entry = LetterState & { readonly of: string };

const originOf = ({ origin, partition, position }: Letter["refused"]): string =>
  `${origin}/${partition}/${position}`;
