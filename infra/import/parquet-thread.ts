// Reads Parquet in a thread of its own, one row group for each request. Promises: a file that makes the
// library loop or fill memory costs this thread, not the process: parquet-table.ts ends it.

import { closeSync, openSync, readSync } from "node:fs";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import zlib from "node:zlib";
import { type Compressors, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { ImportCode } from "./import-error.ts";
import { DAY_US } from "./import-options.ts";

/** How a column's values are turned to text and numbers. */
export type ColumnKind = "instant" | "local" | "float32" | "decimal" | "plain";

export interface ColumnShape {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Digits of a DECIMAL column. */
  readonly scale: number;
}

export interface ParquetShape {
  readonly columns: readonly ColumnShape[];
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[];
}

export type ParquetValue = number | bigint | string | boolean | null | undefined | object;

export type ParquetRequest =
  | { readonly ask: "shape" }
  | { readonly ask: "group"; readonly group: number };

export type ParquetAnswer =
  | { readonly shape: ParquetShape }
  | { readonly columns: readonly (readonly ParquetValue[])[] }
  | { readonly code: ImportCode; readonly said: string };

/** Where the thread reads. */
export interface ParquetPlace {
  readonly file: string;
  readonly size: number;
}

const MAX_FOOTER_BYTES = 64 * 1024 * 1024;
const MAX_GROUP_ROWS = 50_000_000;

class Refusal extends Error {
  readonly code: ImportCode;

  constructor(code: ImportCode, message: string) {
    super(message);
    this.code = code;
  }
}

const parsers = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis) * 1000,
  timestampFromMicroseconds: (micros: bigint) => Number(micros),
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1000n),
  dateFromDays: (days: number) => formatIsoUs(days * DAY_US).slice(0, 10),
};

const bounds = (size: number) => ({ maxOutputLength: Math.max(size, 1) });

const compressors: Compressors = {
  GZIP: (input, size) => zlib.gunzipSync(input, bounds(size)),
  BROTLI: (input, size) => zlib.brotliDecompressSync(input, bounds(size)),
  ZSTD(input, size) {
    if (typeof zlib.zstdDecompressSync !== "function") throw new Error("zstd is not supported");
    return zlib.zstdDecompressSync(input, bounds(size));
  },
};

/** Slices of the open file: what the library asks for. */
const slicesOf = (handle: number, size: number) => ({
  byteLength: size,
  slice(start: number, end = size): ArrayBuffer {
    const wanted = Math.min(end, size) - start;
    if (!(wanted >= 0 && start >= 0)) throw new RangeError(`no bytes ${start} to ${end}`);
    const bytes = new Uint8Array(wanted);
    for (let at = 0; at < wanted; ) {
      const read = readSync(handle, bytes, at, wanted - at, start + at);
      if (read === 0) throw new RangeError("the file ends too soon");
      at += read;
    }
    return bytes.buffer;
  },
});

type Slices = ReturnType<typeof slicesOf>;

async function readFooter(source: Slices): Promise<FileMetaData> {
  const size = source.byteLength;
  const tail = size < 12 ? null : new DataView(source.slice(size - 8, size));
  const ending = tail === null ? "" : Buffer.from(tail.buffer).toString("latin1", 4);
  if (ending === "PARE") throw new Refusal("IMPORT_PARQUET_UNSUPPORTED", "is encrypted");
  if (tail === null || ending !== "PAR1") {
    throw new Refusal("IMPORT_PARQUET_DAMAGED", "has no Parquet footer: it is cut short");
  }
  if (tail.getUint32(0, true) > Math.min(MAX_FOOTER_BYTES, size - 12)) {
    throw new Refusal("IMPORT_PARQUET_DAMAGED", "has a footer that does not fit the file");
  }
  return parquetMetadataAsync(source);
}

function shapeOf(metadata: FileMetaData): ParquetShape {
  const groups = metadata.row_groups.map(({ num_rows, total_byte_size }) => ({
    rows: Number(num_rows),
    bytes: Number(total_byte_size),
  }));
  for (const { rows } of groups) {
    if (!(rows >= 0 && rows <= MAX_GROUP_ROWS)) throw new Error(`a row group of ${rows} rows`);
  }
  return { columns: columnShapes(metadata), groups };
}

function columnShapes(metadata: FileMetaData): ColumnShape[] {
  const shapes: ColumnShape[] = [];
  // The first element is the root; a group and what lies in it is no column of ours.
  for (let i = 1; i < metadata.schema.length; i++) {
    const element = metadata.schema[i];
    if (element === undefined) break;
    let inside = element.num_children ?? 0;
    if (inside > 0 || element.repetition_type === "REPEATED") {
      for (; inside > 0; inside--) {
        i++;
        inside += metadata.schema[i]?.num_children ?? 0;
      }
      continue;
    }
    const { logical_type: logical, converted_type: converted, type, name } = element;
    const local = logical?.type === "TIMESTAMP" && !logical.isAdjustedToUTC;
    const time = logical?.type === "TIMESTAMP" || converted?.startsWith("TIMESTAMP");
    const kind: ColumnKind = local
      ? "local"
      : time || (type === "INT96" && converted === undefined)
        ? "instant"
        : type === "FLOAT"
          ? "float32"
          : converted === "DECIMAL"
            ? "decimal"
            : "plain";
    shapes.push({ name, kind, scale: element.scale ?? 0 });
  }
  return shapes;
}

async function readGroup(
  source: Slices,
  metadata: FileMetaData,
  { columns: shapes, groups }: ParquetShape,
  group: number,
): Promise<ParquetValue[][]> {
  const names = shapes.map(({ name }) => name);
  const rows = groups[group]?.rows ?? 0;
  const first = groups.slice(0, group).reduce((sum, each) => sum + each.rows, 0);
  const columns = names.map(() => new Array<ParquetValue>(rows));
  const filled = names.map(() => 0);
  await parquetRead({
    file: source,
    metadata,
    columns: names,
    rowStart: first,
    rowEnd: first + rows,
    compressors,
    parsers,
    onChunk({ columnName, columnData, rowStart }) {
      const index = names.indexOf(columnName);
      const column = columns[index];
      if (column === undefined) return;
      for (let i = 0; i < columnData.length; i++) {
        const row = rowStart - first + i;
        if (row < 0 || row >= rows) continue;
        column[row] = columnData[i] as ParquetValue;
        filled[index] = (filled[index] ?? 0) + 1;
      }
    },
  });
  const short = filled.findIndex((count) => count !== rows);
  if (rows > 0 && short >= 0) {
    throw new Error(`column ${names[short]} has ${filled[short]} of ${rows} values`);
  }
  return columns;
}

function serve(port: MessagePort, { file, size }: ParquetPlace): void {
  const handle = openSync(file, "r");
  const source = slicesOf(handle, size);
  const metadata = readFooter(source);
  metadata.catch(() => undefined); // raised by the request that waits for it
  const answer = async (request: ParquetRequest): Promise<ParquetAnswer> => {
    const known = await metadata;
    const shape = shapeOf(known);
    return request.ask === "shape"
      ? { shape }
      : { columns: await readGroup(source, known, shape, request.group) };
  };
  port.on("message", (request: ParquetRequest) => {
    answer(request).then(
      (done) => port.postMessage(done),
      (error: unknown) => port.postMessage(refusalOf(error)),
    );
  });
  port.on("close", () => closeSync(handle));
}

/** Whatever the library throws on a damaged file, as one of our codes. */
function refusalOf(error: unknown): ParquetAnswer {
  if (error instanceof Refusal) return { code: error.code, said: error.message };
  const said = error instanceof Error ? error.message : String(error);
  const unsupported = /unsupported|not supported/.test(said);
  return {
    code: unsupported ? "IMPORT_PARQUET_UNSUPPORTED" : "IMPORT_PARQUET_DAMAGED",
    said: `cannot be read: ${said.slice(0, 200)}`,
  };
}

if (parentPort !== null) serve(parentPort, workerData as ParquetPlace);
