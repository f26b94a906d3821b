// Daily closes of the S&P 500, 1990 to 2022, from the folder named by TAPEDECK_DATA, for specs that check
// measures on them. Empty where the file is not there: those tests are skipped.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";

const folder = process.env.TAPEDECK_DATA ?? resolve(import.meta.dirname, "../../shared/data");
const file = resolve(folder, "sp500-index-daily-1990-2022.csv.gz");

const rows = existsSync(file)
  ? gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/).slice(1)
  : [];

/** As YYYY-MM-DD. */
export const days: readonly string[] = rows.map((row) => row.slice(0, 10));
export const closes: readonly number[] = rows.map((row) => Number(row.split(",")[1]));
