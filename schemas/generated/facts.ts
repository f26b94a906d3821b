// Generated from schemas/*.avsc by npm run generate. Do not edit.

import type { Codec } from "../avro.ts";
import { controlCommandCodec, type ControlCommand } from "./control.commands.ts";
import { featuresCodec, type Features } from "./features.ts";
import { executionReportCodec, type ExecutionReport } from "./fills.ts";
import { forecastCodec, type Forecast } from "./forecasts.ts";
import { marketBarCodec, type MarketBar } from "./market.bars.ts";
import { corporateActionCodec, type CorporateAction } from "./market.corporate-actions.ts";
import { instrumentCodec, type Instrument } from "./market.instruments.ts";
import { marketQuoteCodec, type MarketQuote } from "./market.quotes.ts";
import { marketRateCodec, type MarketRate } from "./market.rates.ts";
import { marketStatusCodec, type MarketStatus } from "./market.status.ts";
import { marketTickCodec, type MarketTick } from "./market.ticks.ts";
import { modelEventCodec, type ModelEvent } from "./models.events.ts";
import { orderCodec, type Order } from "./orders.ts";
import { poolAnswerCodec, type PoolAnswer } from "./pool.answers.ts";
import { poolRequestCodec, type PoolRequest } from "./pool.requests.ts";
import { portfolioSnapshotCodec, type PortfolioSnapshot } from "./portfolio.snapshots.ts";
import { regimeCodec, type Regime } from "./regimes.ts";
import { breakerTrippedCodec, type BreakerTripped } from "./risk.breakers.ts";
import { orderVerdictCodec, type OrderVerdict } from "./risk.order-verdicts.ts";
import { riskVerdictCodec, type RiskVerdict } from "./risk.verdicts.ts";
import { signalCodec, type Signal } from "./signals.ts";
import { lateAdmissionCodec, type LateAdmission } from "./tape.admissions.ts";
import { deadLetterCodec, type DeadLetter } from "./tape.dead-letters.ts";
import { weightsProposalCodec, type WeightsProposal } from "./weights.proposals.ts";

/** What each topic carries. */
export interface Facts {
  readonly "control.commands": ControlCommand;
  readonly features: Features;
  readonly fills: ExecutionReport;
  readonly forecasts: Forecast;
  readonly "market.bars": MarketBar;
  readonly "market.corporate-actions": CorporateAction;
  readonly "market.instruments": Instrument;
  readonly "market.quotes": MarketQuote;
  readonly "market.rates": MarketRate;
  readonly "market.status": MarketStatus;
  readonly "market.ticks": MarketTick;
  readonly "models.events": ModelEvent;
  readonly orders: Order;
  readonly "pool.answers": PoolAnswer;
  readonly "pool.requests": PoolRequest;
  readonly "portfolio.snapshots": PortfolioSnapshot;
  readonly regimes: Regime;
  readonly "risk.breakers": BreakerTripped;
  readonly "risk.order-verdicts": OrderVerdict;
  readonly "risk.verdicts": RiskVerdict;
  readonly signals: Signal;
  readonly "tape.admissions": LateAdmission;
  readonly "tape.dead-letters": DeadLetter;
  readonly "weights.proposals": WeightsProposal;
}

export type TopicName = keyof Facts;

export const codecs: { readonly [Topic in TopicName]: Codec<Facts[Topic]> } = {
  "control.commands": controlCommandCodec,
  features: featuresCodec,
  fills: executionReportCodec,
  forecasts: forecastCodec,
  "market.bars": marketBarCodec,
  "market.corporate-actions": corporateActionCodec,
  "market.instruments": instrumentCodec,
  "market.quotes": marketQuoteCodec,
  "market.rates": marketRateCodec,
  "market.status": marketStatusCodec,
  "market.ticks": marketTickCodec,
  "models.events": modelEventCodec,
  orders: orderCodec,
  "pool.answers": poolAnswerCodec,
  "pool.requests": poolRequestCodec,
  "portfolio.snapshots": portfolioSnapshotCodec,
  regimes: regimeCodec,
  "risk.breakers": breakerTrippedCodec,
  "risk.order-verdicts": orderVerdictCodec,
  "risk.verdicts": riskVerdictCodec,
  signals: signalCodec,
  "tape.admissions": lateAdmissionCodec,
  "tape.dead-letters": deadLetterCodec,
  "weights.proposals": weightsProposalCodec,
};
