// The records of a batch, one by one, without an object for each. Promises: nothing outside the batch
// is read and nothing is allocated that the bytes merely claim; a damaged record is told, and the ones
// beside it are read wherever the sizes still say where they lie.

import { Reader } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { RawBatch } from "./record-batch.ts";
import type { Header } from "./records-writer.ts";

const NO_RECORDS = new Uint8Array(0);
/** attributes, time and offset deltas, sizes of key and value, count of headers: a byte each. */
const LEAST_BYTES = 6;

/** `open` a batch, then `next` until it is false; the fields speak of the record it stopped at. */
export class RecordReader {
  /** Reads the batch's records; its `pos` and `end` are free to use between two calls of `next`. */
  readonly reader = new Reader(NO_RECORDS);
  /** Kafka's offset. */
  offset = 0;
  timestampMs = 0;
  /** Where it lies in the batch's records; `bodyStart` is where the length of its key is. */
  start = 0;
  bodyStart = 0;
  end = 0;
  /** -1 where the key is null; likewise the value. */
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  /** Where the first header begins. */
  headersStart = 0;
  /** What is wrong with the record; null if nothing is. Its key, value and headers are then not there. */
  damage: string | null = null;
  /** Records after this one whose places are not known, because this one's size is damaged. */
  lost = 0;
  private batch: RawBatch | null = null;
  private left = 0;
  /** Offset of the last record that had one. */
  private reached = -1;

  /** Throws the batch's defect if it could not be unpacked. */
  open(batch: RawBatch): void {
    if (batch.defect !== null) {
      const { code, detail } = batch.defect;
      const { baseOffset } = batch;
      throw new TapedeckError(code, `batch at Kafka offset ${baseOffset}: ${detail}`, {
        baseOffset,
      });
    }
    const { records } = batch;
    this.reader.bytes = records;
    this.reader.view = new DataView(records.buffer, records.byteOffset, records.length);
    this.batch = batch;
    this.left = batch.count;
    this.end = 0;
    this.lost = 0;
    this.reached = batch.baseOffset - 1;
    this.damage = null;
  }

  /** False at the end of the batch. Cost: some tens of ns. */
  next(): boolean {
    const { reader, batch } = this;
    if (batch === null || this.left <= 0) return false;
    // A damaged record's own place is a guess: exact where compaction took nothing before it.
    this.offset = Math.max(this.reached + 1, batch.baseOffset + batch.count - this.left);
    this.left--;
    this.damage = null;
    this.timestampMs = batch.firstTimestampMs;
    const limit = batch.records.length;
    this.start = this.end;
    reader.pos = this.end;
    reader.end = limit;
    try {
      const size = reader.long();
      const end = reader.pos + size;
      if (size < LEAST_BYTES || end > limit) return this.breakOff(`a record of ${size} bytes`);
      this.end = end;
      reader.end = end;
    } catch {
      return this.breakOff("the size of a record");
    }
    try {
      this.fields(batch);
    } catch {
      this.damage = "its sizes do not fit it";
      this.bodyStart = this.start;
    }
    return true;
  }

  /** Where the next record begins is not known: what is left is told as one. */
  private breakOff(what: string): boolean {
    this.lost = this.left;
    this.left = 0;
    this.bodyStart = this.start;
    this.end = (this.batch as RawBatch).records.length;
    this.damage = `${what} does not fit its batch; ${this.lost} records after it are lost`;
    return true;
  }

  private fields(batch: RawBatch): void {
    const { reader } = this;
    const { reached } = this;
    reader.pos++;
    const timestampDelta = reader.long();
    const offset = batch.baseOffset + reader.long();
    this.bodyStart = reader.pos;
    if (offset <= reached || offset > batch.lastOffset) {
      this.damage = `its offset ${offset} is not after ${reached} and up to ${batch.lastOffset}`;
      return;
    }
    this.reached = offset;
    this.offset = offset;
    this.timestampMs = batch.appendTime
      ? batch.maxTimestampMs
      : batch.firstTimestampMs + timestampDelta;
    this.keyEnd = this.sized();
    this.keyStart = this.keyEnd < 0 ? -1 : this.sizedStart;
    this.valueEnd = this.sized();
    this.valueStart = this.valueEnd < 0 ? -1 : this.sizedStart;
    const headers = reader.long();
    // A header has two bytes at least.
    if (headers < 0 || headers * 2 > reader.end - reader.pos) {
      this.damage = `${headers} headers do not fit it`;
      return;
    }
    this.headerCount = headers;
    this.headersStart = reader.pos;
    if (headers === 0 && reader.pos !== reader.end) this.damage = "bytes follow its last field";
  }

  private sizedStart = 0;

  /** Steps over bytes that are led by their length and gives their end; -1 for null. */
  private sized(): number {
    const { reader } = this;
    const size = reader.long();
    if (size === -1) return -1;
    const start = reader.pos;
    const end = start + size;
    if (size < -1 || end > reader.end) throw new RangeError();
    this.sizedStart = start;
    reader.pos = end;
    return end;
  }

  /** A view of the batch's records, as the value is. */
  get key(): Uint8Array | null {
    this.sound();
    return this.keyStart < 0 ? null : this.reader.bytes.subarray(this.keyStart, this.keyEnd);
  }

  get value(): Uint8Array | null {
    this.sound();
    return this.valueStart < 0 ? null : this.reader.bytes.subarray(this.valueStart, this.valueEnd);
  }

  /** Throws WIRE_RECORD_DAMAGED where they do not fill the record. Names that are no UTF-8 too. */
  headers(): Header[] {
    this.sound();
    const headers = readHeaders(this.reader, this.headersStart, this.end, this.headerCount);
    if (headers !== null) return headers;
    this.damage = "its headers do not fit it";
    throw this.damaged();
  }

  private sound(): void {
    if (this.damage !== null) throw this.damaged();
  }

  private damaged(): TapedeckError {
    const { offset, damage } = this;
    const message = `the record at Kafka offset ${offset} is damaged: ${damage}`;
    return new TapedeckError("WIRE_RECORD_DAMAGED", message, { offset });
  }
}

/** `count` headers that fill the bytes exactly; null where they do not, or a name is no UTF-8. */
export function readHeaders(
  reader: Reader,
  start: number,
  end: number,
  count: number,
): Header[] | null {
  reader.pos = start;
  reader.end = end;
  const headers: Header[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const key = reader.string();
      const size = reader.long();
      const from = reader.pos;
      if (size < -1 || from + size > end) return null;
      reader.pos = from + Math.max(size, 0);
      headers.push({ key, value: size < 0 ? null : reader.bytes.subarray(from, reader.pos) });
    }
  } catch {
    return null;
  }
  return reader.pos === end ? headers : null;
}
