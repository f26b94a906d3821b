// One event for people or for programs: scaled numbers with their dot and times as ISO 8601 for
// people, every field as it lies on the tape for programs.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { OrderCheck } from "../../schemas/generated/risk.order-verdicts.ts";
import type { RiskCheck, RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { eventsOfCheck } from "../../schemas/values/risk-evidence.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { AnyEvent, Position } from "../../streams/event.ts";
import { printable } from "./table.ts";

const PRICES = new Set(
  "price open high low close limitPrice referencePrice mark bidPrice askPrice slippage".split(" "),
);
const SPANS = new Set(["horizonUs", "latencyUs"]);
const QUANTITIES = new Set("quantity volume leavesQuantity bidQuantity askQuantity".split(" "));

export const positionText = ({ topic, partition, offset }: Position): string =>
  `${topic}/${partition}/${offset}`;

/** Every field and the event's id; bigints as decimal text, which JSON numbers cannot hold. */
export const eventJson = (event: AnyEvent, id: string | null): string =>
  JSON.stringify({ id, ...event, time: formatIsoUs(event.timeUs) }, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? hex(value) : value,
  );

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The value's fields as name=value, scaled by the instrument of its symbol where one is known. */
export function valueText(
  event: AnyEvent,
  instruments: ReadonlyMap<string, Instrument>,
  money: number,
): string {
  const fields = event.value as unknown as Readonly<Record<string, unknown>>;
  const of = typeof fields.symbol === "string" ? instruments.get(fields.symbol) : undefined;
  const scaled = event.topic === "market.instruments" ? undefined : of;
  const own = event.topic === "risk.verdicts" ? verdictTexts(event.value) : {};
  const parts = Object.entries(fields).map(
    ([name, value]) => `${name}=${printable(own[name] ?? fieldText(name, value, scaled, money))}`,
  );
  return parts.join(" ");
}

/** Each check names what it was measured with, by the numbers under which `events` lists it. */
function verdictTexts(verdict: RiskVerdict): Readonly<Record<string, string>> {
  const { checks, events } = verdict;
  const numbers = (check: RiskCheck): string =>
    eventsOfCheck(verdict, check)
      .map((event) => events.indexOf(event) + 1)
      .join(" ");
  return {
    checks: checks.map((check) => withEvents(checkText(check), numbers(check))).join(", "),
    events: events
      .map(({ topic, symbol, timeUs }, i) =>
        [`[${i + 1}]`, topic, symbol, formatIsoUs(timeUs)].filter((word) => word !== "").join(" "),
      )
      .join(", "),
  };
}

const withEvents = (text: string, events: string): string =>
  events === "" ? text : `${text} [${events}]`;

function fieldText(
  name: string,
  value: unknown,
  of: Instrument | undefined,
  money: number,
): string {
  if (typeof value === "bigint") return formatScaled(value, of?.currencyScale ?? money);
  if (typeof value === "number") {
    if (name.endsWith("Us") && !SPANS.has(name)) return formatIsoUs(value);
    if (of !== undefined && PRICES.has(name)) return formatScaled(value, of.priceScale);
    if (of !== undefined && QUANTITIES.has(name)) return formatScaled(value, of.quantityScale);
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(8)));
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (name === "parts") {
    const parts = value as ExecutionReport["parts"];
    return parts
      .map(({ part, amount }) => `${part} ${formatScaled(amount, of?.priceScale ?? 0)}`)
      .join(", ");
  }
  if (name === "checks") {
    const checks = value as readonly OrderCheck[];
    return checks.map((check) => withEvents(checkText(check), usedText(check))).join(", ");
  }
  if (value !== null && typeof value === "object") {
    return JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "bigint" ? String(inner) : inner,
    );
  }
  return value === "" ? '""' : String(value);
}

/** A check of an order says no symbol: the verdict has one. */
type AnyCheck = Omit<RiskCheck, "symbol" | "check" | "unit"> & {
  readonly check: string;
  readonly unit: string;
  readonly symbol?: string;
};

const usedText = ({ used }: OrderCheck): string =>
  used.map(({ topic, timeUs }) => `${topic} ${formatIsoUs(timeUs)}`).join(", ");

const checkText = ({ check, symbol = "", measured, limit, unit, passed }: AnyCheck): string =>
  `${passed ? "passed" : "FAILED"} ${check}${symbol === "" ? "" : ` ${symbol}`} ${measured} of ${limit} ${unit}`;
