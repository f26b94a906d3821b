// An operator's command on its way to a live flow. Promises: it is durable when the call returns, after every command
// that was there before; another writer at the same moment costs a second look, never a command; what the flow would
// refuse for what it says by itself is not written at all.

import { commandProblem } from "../../../processors/command-check.ts";
import { Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { ControlCommand } from "../../../schemas/generated/control.commands.ts";
import type { EventLog } from "../../../streams/log.ts";
import { RecordCursor, writeRecord } from "../../../streams/record.ts";

const TOPIC = "control.commands";
const ATTEMPTS = 5;

export interface SentCommand {
  readonly offset: number;
  /** Effective time, microseconds since the epoch. */
  readonly timeUs: number;
}

/**
 * At `timeUs`, or at the last command's time where that is later. Throws PROCESSOR_COMMAND_INVALID, STREAMS_TOPIC_UNKNOWN.
 */
export async function sendCommand(
  log: EventLog,
  command: ControlCommand,
  timeUs: number,
): Promise<SentCommand> {
  requireSound(command);
  for (let attempt = 1; ; attempt++) {
    try {
      return await append(log, command, timeUs);
    } catch (error) {
      const isTaken = error instanceof TapedeckError && error.code === "STREAMS_OFFSET_CONFLICT";
      if (!isTaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Throws PROCESSOR_COMMAND_INVALID for what would only be answered by a refusal. */
export function requireSound(command: ControlCommand): void {
  const problem = commandProblem(command);
  if (problem === null) return;
  const { command: name, who } = command;
  throw new TapedeckError("PROCESSOR_COMMAND_INVALID", `${name} is not sent: ${problem}`, {
    command: name,
    who,
  });
}

async function append(
  log: EventLog,
  command: ControlCommand,
  wantedUs: number,
): Promise<SentCommand> {
  const partition = 0;
  // The topic alone is asked for its end: the ends of all would cost a kill its first tenths of a second.
  const baseOffset = await log.offsetAt(TOPIC, partition, Number.MAX_SAFE_INTEGER);
  const last = baseOffset === 0 ? null : await log.read(TOPIC, partition, baseOffset - 1);
  const timeUs = Math.max(wantedUs, last?.maxTimeUs ?? 0);
  let origin = 0;
  if (last !== null) {
    const cursor = new RecordCursor(TOPIC, partition, last.baseOffset, last.bytes);
    for (let event = cursor.read(); event !== null; event = cursor.read()) {
      origin = Math.max(origin, event.origin + 1);
    }
  }
  const writer = new Writer(256);
  writeRecord(writer, TOPIC, timeUs, origin, null, 0, command);
  const bytes = writer.bytes.slice(0, writer.pos);
  const batch = {
    topic: TOPIC,
    partition,
    baseOffset,
    count: 1,
    maxTimeUs: timeUs,
    bytes,
  } as const;
  await log.commit({ produced: [batch], checkpoints: [] });
  return { offset: baseOffset, timeUs };
}
