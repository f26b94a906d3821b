// Which of a verdict's events one of its checks rests on. Promises: every check of a verdict but the trading state before
// any command rests on one at least, where the gate had heard of any; it is a rule of names, so it costs a verdict no byte.

import type { RiskCheck, RiskVerdict, UsedEvent } from "../generated/risk.verdicts.ts";

type Rule = (event: UsedEvent, check: RiskCheck) => boolean;

const isBar = ({ topic }: UsedEvent): boolean => topic === "market.bars";
const isCommand = ({ topic }: UsedEvent): boolean => topic === "control.commands";
const isSwitch = ({ topic }: UsedEvent): boolean =>
  topic === "control.commands" || topic === "risk.breakers";
const isOwn: Rule = (event, { symbol }) => event.symbol === symbol;
const isPortfolio = ({ topic, symbol }: UsedEvent): boolean =>
  topic === "portfolio.snapshots" && symbol === "";

const ofPosition: Rule = (event, check) =>
  (isOwn(event, check) && !isBar(event)) || isCommand(event);
const ofSymbol: Rule = (event, check) => isOwn(event, check) || isCommand(event);
const ofPrice: Rule = (event, check) => (isOwn(event, check) && isBar(event)) || isCommand(event);
const ofPortfolio: Rule = (event) => isPortfolio(event) || isCommand(event);
const ofRequest: Rule = ({ topic }) => topic === "pool.requests";
const ofBook: Rule = (event) => event.topic !== "risk.breakers";

const rules: Readonly<Record<RiskCheck["check"], Rule>> = {
  TRADING_STATE: (event, check) => isSwitch(event) || ofPosition(event, check),
  MAX_POSITION: ofPosition,
  PRICE_COLLAR: ofPrice,
  PRICE_AGE: ofPrice,
  MAX_ORDER_VALUE: ofSymbol,
  RESTRICTED: ofPosition,
  BLACKOUT: ofPosition,
  VIEW: ofPosition,
  MANUAL_TARGET: ofSymbol,
  MAX_DRAWDOWN: ofPortfolio,
  DRAWDOWN_WARNING: ofPortfolio,
  DRAWDOWN_CLOSE: ofPortfolio,
  DAILY_LOSS: ofPortfolio,
  WEEKLY_LOSS: ofPortfolio,
  TRADES_A_DAY: ofPortfolio,
  MAX_GROSS_EXPOSURE: ofBook,
  MAX_SECTOR: ofBook,
  MAX_NET_EXPOSURE: ofBook,
  MAX_LEVERAGE: ofBook,
  MAX_WEIGHT: ofBook,
  MAX_HERFINDAHL: ofBook,
  MAX_BETA: ofBook,
  VALUE_AT_RISK: ofBook,
  EXPECTED_SHORTFALL: ofBook,
  MAX_CORRELATION: ofBook,
  DAYS_TO_EXIT: ofBook,
  CAPITAL_GATE: ofBook,
  CERTIFICATE: ofRequest,
  SCENARIOS: ofRequest,
  FEASIBILITY: ofRequest,
  BOUNDS: ofRequest,
  GAP: ofRequest,
  ON_CERTIFICATE: (event, check) => ofRequest(event, check) || isOwn(event, check),
  ANSWER_AGE: (event, check) => ofRequest(event, check) || isOwn(event, check),
};

/** Besides the proposal, the event or the command that the verdict answers. */
export const eventsOfCheck = (verdict: RiskVerdict, check: RiskCheck): readonly UsedEvent[] =>
  verdict.events.filter((event) => rules[check.check](event, check));
