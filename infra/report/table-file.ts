// A table of a run as a file that other tools read: CSV, JSON or Parquet, row by row. Promises: memory for
// one group of rows, whatever the table's length; amounts of money stay exact in each format; a file that is
// there is never written over.

import { closeSync, openSync, writeSync } from "node:fs";
import type { SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";

export const tableFormats = ["csv", "json", "parquet"] as const;
export type TableFormat = (typeof tableFormats)[number];

/**
 * time: microseconds since the epoch. money: minor units of the account's currency. number: a float, or
 * decimal text, which CSV and JSON keep as it is. Null: no value.
 */
export type ColumnKind = "text" | "time" | "money" | "number" | "count";
export type Value = string | number | bigint | null;

export interface TableSpec<Name extends string = string> {
  readonly name: string;
  readonly columns: Readonly<Record<Name, ColumnKind>>;
}

export interface TableFile {
  row(values: readonly Value[]): void;
  /** Rows written. */
  close(): number;
}

const FLUSH_CHARS = 1 << 20;
const GROUP_ROWS = 20_000;
/** Digits of an amount: what 64 bits hold. */
const MONEY_DIGITS = 18;

/** `moneyScale`: decimal digits of the account's minor unit. */
export function openTable(
  path: string,
  format: TableFormat,
  { columns }: TableSpec,
  moneyScale: number,
): TableFile {
  const list = Object.entries(columns);
  if (format === "parquet") return openParquet(path, list, moneyScale);
  return format === "csv" ? openCsv(path, list, moneyScale) : openJson(path, list, moneyScale);
}

type Columns = readonly (readonly [string, ColumnKind])[];

function textOf(value: Value, kind: ColumnKind, moneyScale: number): string {
  if (kind === "time") return formatIsoUs(value as number);
  return kind === "money" ? formatScaled(value as bigint, moneyScale) : String(value);
}

function openCsv(path: string, columns: Columns, moneyScale: number): TableFile {
  const out = textFile(path);
  out.write(`${columns.map(([name]) => name).join(",")}\n`);
  let rows = 0;
  return {
    row(values) {
      const cells = columns.map(([, kind], i) => {
        const value = values[i] ?? null;
        if (value === null) return "";
        const text = textOf(value, kind, moneyScale);
        return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      });
      out.write(`${cells.join(",")}\n`);
      rows++;
    },
    close() {
      out.close();
      return rows;
    },
  };
}

/** One array, an object a line. */
function openJson(path: string, columns: Columns, moneyScale: number): TableFile {
  const out = textFile(path);
  out.write("[");
  let rows = 0;
  return {
    row(values) {
      const cells = columns.map(([name, kind], i) => {
        const value = values[i] ?? null;
        if (value === null) return `${JSON.stringify(name)}:null`;
        const text = textOf(value, kind, moneyScale);
        const isNumber = kind === "number" || kind === "count";
        return `${JSON.stringify(name)}:${isNumber ? text : JSON.stringify(text)}`;
      });
      out.write(`${rows === 0 ? "\n" : ",\n"}{${cells.join(",")}}`);
      rows++;
    },
    close() {
      out.write("\n]\n");
      out.close();
      return rows;
    },
  };
}

function textFile(path: string) {
  const file = openSync(path, "wx");
  let waiting = "";
  const flush = (): void => {
    const bytes = Buffer.from(waiting);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    waiting = "";
  };
  return {
    write(text: string): void {
      waiting += text;
      if (waiting.length >= FLUSH_CHARS) flush();
    },
    close(): void {
      flush();
      closeSync(file);
    },
  };
}

function openParquet(path: string, columns: Columns, moneyScale: number): TableFile {
  // The writer would write over what is there.
  closeSync(openSync(path, "wx"));
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.length },
    ...columns.map(([name, kind]) => elementOf(name, kind, moneyScale)),
  ];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema });
  let group: unknown[][] = columns.map(() => []);
  let inGroup = 0;
  let rows = 0;
  const flush = (): void => {
    if (inGroup === 0) return;
    writer.write({
      columnData: columns.map(([name], i) => ({ name, data: group[i] as unknown[] })),
      rowGroupSize: inGroup,
    });
    group = columns.map(() => []);
    inGroup = 0;
  };
  return {
    row(values) {
      columns.forEach(([, kind], i) => {
        (group[i] as unknown[]).push(parquetValue(values[i] ?? null, kind));
      });
      inGroup++;
      rows++;
      if (inGroup === GROUP_ROWS) flush();
    },
    close() {
      flush();
      writer.finish();
      return rows;
    },
  };
}

function elementOf(name: string, kind: ColumnKind, moneyScale: number): SchemaElement {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (kind) {
    case "text":
      return { ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" };
    case "time":
      return { ...optional, type: "INT64", converted_type: "TIMESTAMP_MICROS" };
    case "money":
      return {
        ...optional,
        type: "INT64",
        converted_type: "DECIMAL",
        precision: MONEY_DIGITS,
        scale: moneyScale,
      };
    case "number":
      return { ...optional, type: "DOUBLE" };
    case "count":
      return { ...optional, type: "INT64" };
  }
}

function parquetValue(value: Value, kind: ColumnKind): unknown {
  if (value === null) return null;
  if (kind === "number") return Number(value);
  return kind === "count" || kind === "time" ? BigInt(value) : value;
}
