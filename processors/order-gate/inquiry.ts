// One order request under examination: what it is held against, and what was found. Promises: each check that
// is made is written down with limit and measured value; the first that failed, and is not overridden, names the reason.

import type {
  Order,
  OrderCheck,
  OrderCheckName,
  OrderRiskReason,
  OrderRiskUnit,
  UsedEvent,
} from "../../schemas/generated/risk.order-verdicts.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { InstrumentLimits, OrderRiskConfig, RecurringBlackout } from "../risk-config.ts";
import { type GateState, type SymbolWatch, watchOf } from "./gate-state.ts";
import { openingOf, reachOf, workingOn } from "./working-orders.ts";

export interface Rules {
  readonly config: OrderRiskConfig;
  readonly portfolio: PortfolioConfig;
  /** Those that recur, of the risk gate's configuration. */
  readonly blackouts: readonly RecurringBlackout[];
}

export interface Failure {
  readonly check: OrderCheckName;
  readonly reason: OrderRiskReason;
  readonly measured: number;
}

export interface Inquiry extends Rules {
  readonly state: GateState;
  readonly nowUs: number;
  readonly order: Order;
  readonly watch: SymbolWatch;
  /** What would work: a replace's quantity counts what was executed. */
  readonly quantity: number;
  /** Position in the order's direction once what works on its side has executed, without this order. */
  readonly reach: number;
  /** Part of the quantity that opens a position, at worst; 0: it only reduces. */
  readonly opening: number;
  /** Only reduces, after a named person's FlattenPositions: no limit of size, age or rate holds it up. */
  readonly isOrdered: boolean;
  /** Of the instrument. */
  readonly limits: InstrumentLimits;
  readonly checks: OrderCheck[];
  /** Of the checks that failed. */
  readonly failed: Failure[];
}

export function inquiryOf(rules: Rules, state: GateState, order: Order, nowUs: number): Inquiry {
  const watch = watchOf(state, order.symbol);
  const executed = state.orders.get(order.orderId)?.progress.cumQuantity ?? 0;
  const quantity =
    order.action === "REPLACE" ? Math.max(0, order.quantity - executed) : order.quantity;
  const reach = reachOf(watch.position, order.side, workingOn(state, order));
  const opening = openingOf(order, quantity, reach);
  const isOrdered = opening === 0 && state.trading === "FLATTENED" && state.flattenedBy !== "";
  const limits = limitsOf(rules.config, watch, order.symbol);
  const found = { quantity, reach, opening, isOrdered, limits, checks: [], failed: [] };
  return { ...rules, state, nowUs, order, watch, ...found };
}

function limitsOf(config: OrderRiskConfig, watch: SymbolWatch, symbol: string): InstrumentLimits {
  const { bySymbol, byAssetClass } = config;
  if (bySymbol === undefined && byAssetClass === undefined) return config;
  const kind = watch.instrument?.assetClass;
  const ofClass = kind === undefined ? undefined : byAssetClass?.[kind];
  const own = bySymbol !== undefined && Object.hasOwn(bySymbol, symbol) ? bySymbol[symbol] : {};
  return { ...config, ...ofClass, ...own };
}

/** How much more an order may be that only reduces, where nothing else is said. */
const LOOSER = 10;

/** The limit in force: of an opening order its own; of a reducing one the looser; of an ordered one none. */
export function limitFor(
  { opening, isOrdered }: Pick<Inquiry, "opening" | "isOrdered">,
  own: number,
  reducing: number | null | undefined,
): number {
  if (opening > 0) return own;
  if (isOrdered || reducing === null) return unknown;
  return reducing ?? Math.min(own * LOOSER, unknown);
}

export interface Finding {
  readonly check: OrderCheckName;
  readonly limit: number;
  readonly measured: number;
  readonly unit: OrderRiskUnit;
  readonly used: readonly UsedEvent[];
}

/** Passes where what was measured is at most the limit. */
export function hold(inquiry: Inquiry, finding: Finding, reason: OrderRiskReason): void {
  const passed = finding.measured <= finding.limit;
  const { check, limit, measured, unit, used } = finding;
  inquiry.checks.push({ check, limit, measured, unit, passed, used });
  if (!passed) inquiry.failed.push({ check, reason, measured });
}

/** The last event of a topic that was measured with; none where nothing has come. */
export const usedAt = (topic: UsedEvent["topic"], timeUs: number): readonly UsedEvent[] =>
  timeUs < 0 ? [] : [{ topic, timeUs }];

export const pricesOf = ({ priceUs }: SymbolWatch): readonly UsedEvent[] =>
  usedAt("market.bars", priceUs);

export const termsOf = ({ instrumentUs }: SymbolWatch): readonly UsedEvent[] =>
  usedAt("market.instruments", instrumentUs);

/** The position, and what works: by what was asked for and what the venue said of it. */
export const holdingsOf = ({ state, watch }: Pick<Inquiry, "state" | "watch">): UsedEvent[] => [
  ...usedAt("portfolio.snapshots", watch.positionUs),
  ...usedAt("orders", state.requestUs),
  ...usedAt("fills", state.reportUs),
];

/** Measured where what is asked for is not known: beyond every limit but itself. */
export const unknown = Number.MAX_SAFE_INTEGER;

/** A figure as it is written down: what does not fit a long is the greatest that does. */
export const toLong = (value: bigint): number =>
  value > BigInt(unknown) ? unknown : Number(value);
