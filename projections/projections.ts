// Every answer of the system, one line each: taking a line and its folder away leaves the rest whole.

export { cashLedger } from "./cash-ledger/cash-ledger.ts";
export { equity } from "./equity/equity.ts";
export { lineage } from "./lineage/lineage.ts";
export { openOrders } from "./open-orders/open-orders.ts";
export { positions } from "./positions/positions.ts";
export { trades } from "./trades/trades.ts";
