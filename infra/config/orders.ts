// How what is approved is sent, in machine units, and its one form. Promises: what interpret.ts promises; orders that
// use none of the terms beyond type, offset and time come out as they always did.

import type { Distance, ExitsConfig, OrdersConfig } from "../../processors/orders-config.ts";
import { algorithmOf, oneAlgorithm } from "./algorithm.ts";
import { formatDurationUs } from "./duration.ts";
import type { HumanConfig, HumanDistance } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface OrdersReader {
  fraction(pointer: string, value: number, digits: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

type HumanOrders = HumanConfig["orders"];

const BPS_DIGITS = 4;

const types = {
  market: "MARKET",
  limit: "LIMIT",
  stop: "STOP",
  "stop-limit": "STOP_LIMIT",
  "market-if-touched": "MARKET_IF_TOUCHED",
  "limit-if-touched": "LIMIT_IF_TOUCHED",
  "trailing-stop": "TRAILING_STOP",
  "on-open": "MARKET",
  "on-close": "MARKET",
} as const;

const auctions = { "on-open": "AT_THE_OPENING", "on-close": "AT_THE_CLOSE" } as const;

export function ordersOf(read: OrdersReader, human: HumanOrders): OrdersConfig {
  const { limitOffset, goodFor, trigger, reprice } = human;
  const offset = distanceOf(read, "limitOffset", limitOffset);
  const config: OrdersConfig = {
    type: types[human.type],
    ...(offset !== null && "bps" in offset
      ? { limitOffsetBps: offset.bps }
      : { limitOffsetBps: 0, limitOffsetAtrs: offset?.atrs ?? 0 }),
    timeInForce: isAuction(human.type) ? auctions[human.type] : human.timeInForce,
    goodForUs: goodFor === null ? null : read.duration("/orders/goodFor", goodFor, 1),
    latencyUs: read.duration("/orders/latency", human.latency, 0),
    exits: exitsOf(read, human),
    ...optional("trigger", distanceOf(read, "trigger", trigger)),
    ...optional("reprice", distanceOf(read, "reprice", reprice)),
    ...(human.postOnly === true ? { postOnly: true as const } : {}),
    ...(isOff(human.display) ? {} : { display: String(human.display) }),
    ...(human.bracket === true ? { bracket: true as const } : {}),
    ...algorithmOf(read, human),
  };
  holdTimes(read, human, config);
  holdTerms(read, human, config);
  return config;
}

const isAuction = (type: HumanOrders["type"]): type is keyof typeof auctions =>
  Object.hasOwn(auctions, type);

const isOff = (value: HumanDistance | undefined): value is "off" | null | undefined =>
  value === "off" || value === null || value === undefined;

const optional = <K extends string, V>(key: K, value: V | null) =>
  value === null ? {} : ({ [key]: value } as { readonly [Key in K]: V });

function exitsOf(read: OrdersReader, human: HumanOrders): ExitsConfig {
  let exits: ExitsConfig = { stopLossBps: null, takeProfitBps: null, trailingStopBps: null };
  for (const key of ["stopLoss", "takeProfit", "trailingStop"] as const) {
    const distance = distanceOf(read, key, human[key]);
    if (distance === null) continue;
    const isBps = "bps" in distance;
    exits = { ...exits, [`${key}${isBps ? "Bps" : "Atrs"}`]: isBps ? distance.bps : distance.atrs };
  }
  return exits;
}

/** null where it is off. Takes what the schema's pattern takes. */
function distanceOf(
  read: OrdersReader,
  key: "limitOffset" | "trigger" | "reprice" | "stopLoss" | "takeProfit" | "trailingStop",
  value: HumanDistance | undefined,
): Distance | null {
  if (isOff(value)) return null;
  if (typeof value === "number") {
    return { bps: read.fraction(`/orders/${key}`, value, BPS_DIGITS) };
  }
  const atrs = Number(value.replace(/ atr$/, ""));
  if (atrs === 0 && key !== "limitOffset") {
    read.fail(`/orders/${key}`, `found "${value}"; must be above 0`);
  }
  return { atrs };
}

/** How long orders are good for. */
function holdTimes(read: OrdersReader, human: HumanOrders, config: OrdersConfig): void {
  const { type, timeInForce, goodFor } = human;
  const { goodForUs, latencyUs } = config;
  const own = isAuction(type) ? auctions[type] : null;
  if (own !== null && timeInForce !== "GTC" && timeInForce !== own) {
    const rule = `orders.type ${type} says when it trades: leave it out`;
    read.fail("/orders/timeInForce", `found ${timeInForce}; ${rule}`);
  } else if (timeInForce === "GTD" && goodForUs === null) {
    read.fail(
      "/orders/timeInForce",
      "found GTD; orders.goodFor must say for how long, such as 30m",
    );
  } else if (timeInForce !== "GTD" && goodForUs !== null) {
    read.fail(
      "/orders/goodFor",
      `found "${goodFor}"; only for timeInForce: GTD, found ${timeInForce}`,
    );
  } else if (goodForUs !== null && goodForUs > 0 && goodForUs <= latencyUs) {
    const rule = `must be above orders.latency (${formatDurationUs(latencyUs)})`;
    read.fail("/orders/goodFor", `found "${goodFor}"; ${rule}, or it is over before it arrives`);
  }
}

/** Terms that need, or exclude, each other. */
function holdTerms(read: OrdersReader, human: HumanOrders, config: OrdersConfig): void {
  const { type } = human;
  const { timeInForce } = config;
  const triggered = config.type !== "MARKET" && config.type !== "LIMIT";
  const stays = timeInForce === "DAY" || timeInForce === "GTC" || timeInForce === "GTD";
  const isResting = type === "limit" && stays;
  const fail = (key: string, rule: string): 0 => read.fail(`/orders/${key}`, rule);
  if (triggered && config.trigger === undefined) {
    fail("type", `found ${type}; orders.trigger must say how far away, such as 0.01 or 1 atr`);
  } else if (!triggered && config.trigger !== undefined) {
    fail("trigger", `does nothing with orders.type ${type}: leave it out`);
  }
  const isTimed = timeInForce === "AT_THE_OPENING" || timeInForce === "AT_THE_CLOSE";
  if (triggered && isTimed) {
    fail(
      "timeInForce",
      `found ${timeInForce}; orders.type ${type} needs DAY, GTC, GTD, IOC or FOK`,
    );
  }
  const rests = "needs orders.type limit with timeInForce DAY, GTC or GTD";
  if (config.postOnly === true && !isResting) fail("postOnly", rests);
  if (config.postOnly === true && isResting && isNegative(human.limitOffset)) {
    fail("limitOffset", `found ${human.limitOffset}; below 0 takes, which postOnly never does`);
  }
  if (config.reprice !== undefined && !isResting) fail("reprice", rests);
  if (config.display !== undefined && !["limit", "stop-limit", "limit-if-touched"].includes(type)) {
    fail("display", `needs orders.type limit, stop-limit or limit-if-touched, found ${type}`);
  }
  if (config.algorithm !== undefined && (triggered || isAuction(type))) {
    fail("type", `found ${type}; the slices of orders.algorithm need market or limit`);
  }
  if (config.bracket !== true) return;
  if (!Object.values(config.exits).some((size) => size !== null)) {
    fail("bracket", "needs one of orders.stopLoss, orders.takeProfit and orders.trailingStop");
  }
  if (config.algorithm !== undefined) {
    fail("bracket", "does not go with orders.algorithm: its slices open a position bit by bit");
  }
}

const isNegative = (offset: HumanDistance): boolean => String(offset).startsWith("-");

/** The section in one form; what is off is left out where it has no default. */
export function oneOrders(
  human: HumanOrders,
  config: OrdersConfig,
): { readonly [key: string]: Plain } {
  const { algorithm, trigger, reprice, display, postOnly, bracket, ...orders } = human;
  return {
    ...orders,
    limitOffset: oneDistance(orders.limitOffset),
    goodFor: config.goodForUs === null ? null : formatDurationUs(config.goodForUs),
    latency: formatDurationUs(config.latencyUs),
    stopLoss: oneDistance(orders.stopLoss),
    takeProfit: oneDistance(orders.takeProfit),
    trailingStop: oneDistance(orders.trailingStop),
    ...optional("trigger", oneDistance(trigger)),
    ...optional("reprice", oneDistance(reprice)),
    ...optional("display", isOff(display) ? null : display),
    ...(postOnly === true ? { postOnly } : {}),
    ...(bracket === true ? { bracket } : {}),
    ...oneAlgorithm(algorithm),
  };
}

const oneDistance = (value: HumanDistance | undefined): Plain =>
  isOff(value) ? null : typeof value === "number" ? value : `${Number(value.slice(0, -4))} atr`;
