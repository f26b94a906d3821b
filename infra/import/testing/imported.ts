// For tests: files made in a fresh folder, imported into memory, read back in order of origin.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { isTopicName } from "../../../streams/catalogue.ts";
import type { AnyEvent, EventOf } from "../../../streams/event.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { RecordCursor } from "../../../streams/record.ts";
import { importFiles } from "../import-files.ts";
import { defaultOptions, type ImportKind, type ImportOptions } from "../import-options.ts";
import type { ImportReport } from "../import-report.ts";

/** Writes files into a fresh folder; returns their paths. */
export function filesOf(contents: Readonly<Record<string, string | Uint8Array>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-import-"));
  return Object.entries(contents).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
}

/** Every event of a log, as it was appended. */
export async function eventsOf(log: EventLog): Promise<AnyEvent[]> {
  const events: AnyEvent[] = [];
  for (const { topic, partition, start, end } of await log.partitions()) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null || !isTopicName(topic)) break;
      const cursor = new RecordCursor(topic, partition, batch.baseOffset, batch.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) events.push(event);
      offset = batch.baseOffset + batch.count;
    }
  }
  return events.sort((a, b) => a.origin - b.origin);
}

export class Imported {
  readonly report: ImportReport;
  readonly events: readonly AnyEvent[];

  constructor(report: ImportReport, events: readonly AnyEvent[]) {
    this.report = report;
    this.events = events;
  }

  of<T extends TopicName>(topic: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.topic === topic);
  }

  /** Line and code of each dead letter. */
  get letters(): [number, string][] {
    return this.of("tape.dead-letters").map(({ value }) => [value.position, value.code]);
  }
}

export async function imported(
  files: readonly string[],
  kind: ImportKind,
  options: Partial<ImportOptions> = {},
  log: EventLog = createMemoryLog(),
): Promise<Imported> {
  const report = await importFiles(files, { ...defaultOptions(kind), ...options }, async () => log);
  return new Imported(report, await eventsOf(log));
}
