// A Parquet file as a table, one row group in memory at a time. Promises: timestamps keep their
// microseconds; a float column gives the shortest decimals that mean the same float; a file that
// is damaged or beyond the bounds is refused by name.

import { closeSync, openSync, readSync } from "node:fs";
import zlib from "node:zlib";
import { type Compressors, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { TapedeckError } from "../../schemas/errors.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { type Cells, packedDecimals, RAW_BYTES, type Table } from "./cells.ts";
import { headerNames } from "./csv-table.ts";
import { fileError } from "./import-error.ts";
import { DAY_US } from "./import-options.ts";

/** Uncompressed bytes of one row group: more would not fit the memory that an import may use. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;
const MAX_FOOTER_BYTES = 64 * 1024 * 1024;

/** How a column's values are turned to text and numbers. */
type ColumnKind = "instant" | "local" | "float32" | "decimal" | "plain";

interface ColumnShape {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Digits of a DECIMAL column. */
  readonly scale: number;
}

type Value = number | bigint | string | boolean | null | undefined | object;

const parsers = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis) * 1000,
  timestampFromMicroseconds: (micros: bigint) => Number(micros),
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1000n),
  dateFromDays: (days: number) => formatIsoUs(days * DAY_US).slice(0, 10),
};

const bounded = (unpack: (input: Uint8Array, options: zlib.ZlibOptions) => Buffer) => {
  return (input: Uint8Array, size: number) => unpack(input, { maxOutputLength: Math.max(size, 1) });
};

const compressors: Compressors = {
  GZIP: bounded(zlib.gunzipSync),
  BROTLI: (input, size) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(size, 1) }),
  ...(typeof zlib.zstdDecompressSync === "function"
    ? {
        ZSTD: (input: Uint8Array, size: number) =>
          zlib.zstdDecompressSync(input, { maxOutputLength: Math.max(size, 1) }),
      }
    : {}),
};

/** Reads slices of an open file: what hyparquet asks for. */
function fileSlices(file: string, size: number) {
  const handle = openSync(file, "r");
  return {
    close: () => closeSync(handle),
    buffer: {
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
    },
  };
}

export async function openParquet(file: string, size: number): Promise<Table> {
  const metadata = await guarded(file, size, (source) => readFooter(file, size, source));
  const shapes = columnShapes(metadata);
  headerNames(
    file,
    shapes.map(({ name }) => name),
  );
  for (const group of metadata.row_groups) {
    const bytes = Number(group.total_byte_size);
    if (bytes > MAX_GROUP_BYTES) {
      const what = `has a row group of ${bytes} bytes; at most ${MAX_GROUP_BYTES} are read at once`;
      throw fileError("IMPORT_PARQUET_UNSUPPORTED", file, what, { bytes });
    }
  }
  return {
    file,
    format: "Parquet",
    header: shapes.map(({ name }) => name),
    size: Number(metadata.num_rows),
    pages: (onRead) => parquetPages(file, size, metadata, shapes, onRead),
  };
}

type Slices = ReturnType<typeof fileSlices>["buffer"];

async function readFooter(file: string, size: number, source: Slices): Promise<FileMetaData> {
  const tail = size < 12 ? null : new DataView(source.slice(size - 8, size));
  const ending = tail === null ? "" : Buffer.from(tail.buffer).toString("latin1", 4);
  if (ending === "PARE") {
    throw fileError("IMPORT_PARQUET_UNSUPPORTED", file, "is encrypted");
  }
  if (tail === null || ending !== "PAR1") {
    throw fileError("IMPORT_PARQUET_DAMAGED", file, "has no Parquet footer: it is cut short");
  }
  if (tail.getUint32(0, true) > Math.min(MAX_FOOTER_BYTES, size - 12)) {
    throw fileError("IMPORT_PARQUET_DAMAGED", file, "has a footer that does not fit the file");
  }
  return parquetMetadataAsync(source);
}

function columnShapes(metadata: FileMetaData): ColumnShape[] {
  const shapes: ColumnShape[] = [];
  // The first element is the root; a group and what lies in it is no column of ours.
  for (let i = 1; i < metadata.schema.length; i++) {
    const element = metadata.schema[i];
    if (element === undefined) break;
    let inside = element.num_children ?? 0;
    if (inside > 0 || element.repetition_type === "REPEATED") {
      for (; inside > 0; inside--) inside += metadata.schema[++i]?.num_children ?? 0;
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

async function* parquetPages(
  file: string,
  size: number,
  metadata: FileMetaData,
  shapes: readonly ColumnShape[],
  onRead: ((rows: number) => void) | undefined,
): AsyncGenerator<Cells> {
  const names = shapes.map(({ name }) => name);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const rowEnd = rowStart + rows;
    const columns = names.map(() => new Array<Value>(rows));
    const first = rowStart;
    await guarded(file, size, (source) =>
      parquetRead({
        file: source,
        metadata,
        columns: names,
        rowStart: first,
        rowEnd,
        compressors,
        parsers,
        onChunk({ columnName, columnData, rowStart: from }) {
          const column = columns[names.indexOf(columnName)];
          if (column === undefined) return;
          for (let i = 0; i < columnData.length; i++) {
            const row = from - first + i;
            if (row >= 0 && row < rows) column[row] = columnData[i] as Value;
          }
        },
      }),
    );
    yield new ParquetCells(shapes, columns, rows, rowStart);
    onRead?.(rows);
    rowStart = rowEnd;
  }
}

/** Whatever the library throws on a damaged file becomes one error of ours. */
async function guarded<T>(
  file: string,
  size: number,
  work: (source: Slices) => Promise<T>,
): Promise<T> {
  const slices = fileSlices(file, size);
  try {
    return await work(slices.buffer);
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const code = /unsupported|not supported/.test(said)
      ? "IMPORT_PARQUET_UNSUPPORTED"
      : "IMPORT_PARQUET_DAMAGED";
    throw fileError(code, file, `cannot be read: ${said.slice(0, 200)}`, {}, error);
  } finally {
    slices.close();
  }
}

class ParquetCells implements Cells {
  readonly instants: ReadonlySet<number>;
  readonly fault = null;
  line: number;
  private readonly shapes: readonly ColumnShape[];
  private readonly columns: readonly (readonly Value[])[];
  private readonly rows: number;
  private row = -1;

  constructor(
    shapes: readonly ColumnShape[],
    columns: readonly (readonly Value[])[],
    rows: number,
    rowsBefore: number,
  ) {
    this.shapes = shapes;
    this.columns = columns;
    this.rows = rows;
    this.line = rowsBefore;
    this.instants = new Set(shapes.flatMap(({ kind }, i) => (kind === "instant" ? [i] : [])));
  }

  next(): boolean {
    if (this.row + 1 >= this.rows) return false;
    this.row++;
    this.line++;
    return true;
  }

  isEmpty(column: number): boolean {
    const value = this.columns[column]?.[this.row];
    return value === null || value === undefined || value === "";
  }

  text(column: number): string {
    const value = this.columns[column]?.[this.row];
    const shape = this.shapes[column];
    if (value === null || value === undefined || shape === undefined) return "";
    if (typeof value === "string") return value.trim();
    if (typeof value !== "number") return typeof value === "object" ? "(binary)" : String(value);
    if (shape.kind === "local") return formatIsoUs(value).slice(0, -1);
    if (shape.kind === "instant") return Number.isSafeInteger(value) ? formatIsoUs(value) : "NaN";
    if (shape.kind === "decimal") return value.toFixed(shape.scale);
    return shape.kind === "float32" ? shortestFloat32(value) : String(value);
  }

  scaled(column: number, scale: number): number {
    const value = this.columns[column]?.[this.row];
    const kind = this.shapes[column]?.kind;
    if (kind === "instant") return typeof value === "number" ? value : Number.NaN;
    if (typeof value === "number" && kind === "plain") {
      // A decimal of at most 15 digits is the only one of that size that its double stands for.
      const power = 10 ** scale;
      const scaled = Math.round(value * power);
      if (Math.abs(scaled) < 1e15 && scaled / power === value) return scaled === 0 ? 0 : scaled;
    }
    return parseScaled(this.text(column), scale) ?? Number.NaN;
  }

  decimals(column: number): number {
    return packedDecimals(this.text(column));
  }

  raw(): Uint8Array {
    const row = this.shapes.map(({ name }, column) => [name, this.text(column)]);
    return Uint8Array.from(Buffer.from(JSON.stringify(row)).subarray(0, RAW_BYTES));
  }
}

/** The shortest decimal that rounds to this 32-bit float: 13.94, not 13.9399995803833. */
function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
