// A Parquet file as a table, one row group in memory at a time. Promises: timestamps keep their
// microseconds; a float column gives the shortest decimals that mean the same float; a file that
// is damaged, stalls its reader or is beyond the bounds is refused by name.

import { Worker } from "node:worker_threads";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { type Cells, packedDecimals, RAW_BYTES, type Table } from "./cells.ts";
import { headerNames } from "./csv-table.ts";
import { fileError } from "./import-error.ts";
import type {
  ColumnShape,
  ParquetAnswer,
  ParquetPlace,
  ParquetRequest,
  ParquetValue,
} from "./parquet-thread.ts";

/** Uncompressed bytes of one row group: more would not fit the memory that an import may use. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;
/** Memory of the reading thread. */
const THREAD_MB = 2048;
/** How long a request may take, and how much longer for each MiB that it unpacks. */
const STALL_MS = 30_000;
const STALL_MS_PER_MIB = 500;

export async function openParquet(file: string, size: number, stallMs = STALL_MS): Promise<Table> {
  const thread = new ParquetThread({ file, size }, stallMs);
  const answer = await thread.ask({ ask: "shape" }, 0).finally(() => thread.end());
  if (!("shape" in answer)) throw new Error("the thread answered another question");
  const { columns, groups } = answer.shape;
  const header = columns.map(({ name }) => name);
  headerNames(file, header);
  for (const { bytes } of groups) {
    if (bytes <= MAX_GROUP_BYTES) continue;
    const what = `has a row group of ${bytes} bytes; at most ${MAX_GROUP_BYTES} are read at once`;
    throw fileError("IMPORT_PARQUET_UNSUPPORTED", file, what, { bytes });
  }
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  return {
    file,
    format: "Parquet",
    header,
    size: rows,
    async *pages(onRead) {
      const reader = new ParquetThread({ file, size }, stallMs);
      try {
        let before = 0;
        for (const [group, { rows: count, bytes }] of groups.entries()) {
          const read = await reader.ask({ ask: "group", group }, bytes);
          if (!("columns" in read)) throw new Error("the thread answered another question");
          yield new ParquetCells(columns, read.columns, count, before);
          onRead?.(count);
          before += count;
        }
      } finally {
        reader.end();
      }
    },
  };
}

/** The thread that reads one file; one request at a time. */
class ParquetThread {
  private readonly place: ParquetPlace;
  private readonly stallMs: number;
  private readonly worker: Worker;

  constructor(place: ParquetPlace, stallMs: number) {
    this.place = place;
    this.stallMs = stallMs;
    // The sources run as .ts, the installed package as .js.
    const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
    this.worker = new Worker(new URL(`./parquet-thread${extension}`, import.meta.url), {
      workerData: place,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MB },
    });
  }

  /** `bytes` is how much the answer takes to unpack. */
  ask(request: ParquetRequest, bytes: number): Promise<ParquetAnswer> {
    const { file } = this.place;
    const { worker } = this;
    const limitMs = this.stallMs + (Math.min(bytes, MAX_GROUP_BYTES) / 2 ** 20) * STALL_MS_PER_MIB;
    return new Promise((resolve, reject) => {
      const refuse = (
        code: "IMPORT_PARQUET_DAMAGED" | "IMPORT_PARQUET_UNSUPPORTED",
        said: string,
      ) => reject(fileError(code, file, said));
      const timer = setTimeout(() => {
        refuse("IMPORT_PARQUET_DAMAGED", `gave no rows in ${Math.round(limitMs / 1000)} s`);
        this.end();
      }, limitMs);
      worker.removeAllListeners();
      worker.on("message", (answer: ParquetAnswer) => {
        clearTimeout(timer);
        if ("code" in answer) reject(fileError(answer.code, file, answer.said));
        else resolve(answer);
      });
      worker.on("error", (error) => {
        clearTimeout(timer);
        refuse("IMPORT_PARQUET_DAMAGED", `ended its reader: ${error.message}`);
      });
      worker.postMessage(request);
    });
  }

  end(): void {
    this.worker.terminate().catch(() => undefined);
  }
}

class ParquetCells implements Cells {
  readonly instants: ReadonlySet<number>;
  readonly fault = null;
  line: number;
  private readonly shapes: readonly ColumnShape[];
  private readonly columns: readonly (readonly ParquetValue[])[];
  private readonly rows: number;
  private row = -1;

  constructor(
    shapes: readonly ColumnShape[],
    columns: readonly (readonly ParquetValue[])[],
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
    if (shape.kind === "local" || shape.kind === "instant") {
      if (!Number.isSafeInteger(value)) return "NaN";
      return shape.kind === "local" ? formatIsoUs(value).slice(0, -1) : formatIsoUs(value);
    }
    if (shape.kind === "decimal") return value.toFixed(shape.scale);
    return shape.kind === "float32" ? shortestFloat32(value) : String(value);
  }

  scaled(column: number, scale: number): number {
    const value = this.columns[column]?.[this.row];
    const kind = this.shapes[column]?.kind;
    if (kind === "instant") return Number.isSafeInteger(value) ? (value as number) : Number.NaN;
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
