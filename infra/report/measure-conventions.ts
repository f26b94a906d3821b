// What each measure of a run is called and how it is computed, in words. Promises: the names are the keys
// of metrics.json and keep their order; a figure is never shown without the line that stands here for it.

/** part: of one, 0.05 is 5 %. money: in units of the run's currency. */
export type MeasureUnit =
  | "part"
  | "ratio"
  | "probability"
  | "statistic"
  | "days"
  | "seconds"
  | "money";

export interface MeasureMeaning {
  readonly label: string;
  readonly unit: MeasureUnit;
  readonly convention: string;
}

const part = (label: string, convention: string): MeasureMeaning => of(label, "part", convention);
const ratio = (label: string, convention: string): MeasureMeaning => of(label, "ratio", convention);

const of = (label: string, unit: MeasureUnit, convention: string): MeasureMeaning => ({
  label,
  unit,
  convention,
});

/** `year` says how many days one has, such as "252 days"; `trials`, of how many the run is the best. */
export const returnMeanings = (year: string, trials: number) =>
  ({
    totalReturn: part("Total return", "compounded, from the initial cash to the last close"),
    annualReturn: part(
      "Annual return",
      `geometric: growth to the power of ${year} over the days; from 20 days on`,
    ),
    annualVolatility: part("Volatility", `sample deviation (n − 1) × √(${year})`),
    sharpe: ratio(
      "Sharpe ratio",
      `arithmetic mean over sample deviation (n − 1), × √(${year}); risk-free rate 0`,
    ),
    probabilisticSharpe: of(
      "Probabilistic Sharpe ratio",
      "probability",
      "chance that the true Sharpe ratio is above 0 (Bailey and López de Prado, 2012)",
    ),
    deflatedSharpe: of(
      "Deflated Sharpe ratio",
      "probability",
      `chance that the true Sharpe ratio is above what the best of ${trials} trials without skill shows, if theirs vary by 1 / (n − 1) (2014)`,
    ),
    minimumTrackRecord: of(
      "Minimum track record",
      "days",
      "days until the Sharpe ratio is above 0 with 95 % confidence, if it stays as it is (2012)",
    ),
    sortino: ratio(
      "Sortino ratio",
      `arithmetic mean × ${year} over downside risk: all n days, target 0`,
    ),
    maxDrawdown: part(
      "Maximum drawdown",
      "deepest fall of equity from the peak before it, at a bar's close after its fills; the interval is of daily closes",
    ),
    calmar: ratio(
      "Calmar ratio",
      "annual return over the maximum drawdown; the interval is of daily closes",
    ),
    redrawnDrawdown: part(
      "Monte Carlo drawdown",
      "median of the deepest falls of 1,000 paths as long as the run, redrawn from its days in blocks as long as for the intervals; the interval holds 95 % of the paths",
    ),
    redrawnDrawdownTail: part("Monte Carlo drawdown, 95 %", "one such path in twenty falls deeper"),
    redrawnDrawdownChance: of(
      "Chance of this drawdown",
      "probability",
      "share of those paths that fall as deep as the daily closes did, or deeper",
    ),
    omega: ratio("Omega ratio", "sum of the gains over the sum of the losses; threshold 0"),
    tailRatio: ratio("Tail ratio", "size of the 95 % quantile over that of the 5 % quantile"),
    valueAtRisk95: part("Value at risk, 95 %", "historical: the 5 % quantile of a day's return"),
    conditionalValueAtRisk95: part(
      "Expected shortfall, 95 %",
      "historical: mean of the worst ⌊0.05 (n − 1)⌋ + 1 days",
    ),
    valueAtRisk99: part("Value at risk, 99 %", "historical: the 1 % quantile of a day's return"),
    conditionalValueAtRisk99: part(
      "Expected shortfall, 99 %",
      "historical: mean of the worst ⌊0.01 (n − 1)⌋ + 1 days",
    ),
    ulcerIndex: part("Ulcer index", "root mean square of the drawdowns at the closes"),
    skewness: of("Skewness", "statistic", "population (divisors n); 0 for a normal"),
    excessKurtosis: of("Excess kurtosis", "statistic", "population (divisors n); 0 for a normal"),
    ljungBox: of(
      "Ljung–Box Q",
      "statistic",
      "autocorrelation of the returns over min(10, n / 5) days",
    ),
    ljungBoxPValue: of(
      "Ljung–Box p-value",
      "probability",
      "chance of such a Q, were the returns independent",
    ),
    jarqueBera: of("Jarque–Bera", "statistic", "skewness and kurtosis against a normal's"),
    jarqueBeraPValue: of(
      "Jarque–Bera p-value",
      "probability",
      "chance of such a value, were the returns normal; rough below 2000 days",
    ),
  }) as const satisfies Readonly<Record<string, MeasureMeaning>>;

/** `name` is the benchmark's. */
export const relativeMeanings = (name: string, year: string) =>
  ({
    benchmarkReturn: part(
      "Benchmark return",
      `compounded, of ${name} over the same days: its last close on or before each`,
    ),
    alpha: part(
      "Alpha",
      `Jensen's, a year: (1 + r̄ − β b̄)^(${year}) − 1 against ${name}; risk-free rate 0`,
    ),
    beta: ratio("Beta", `slope of the regression of the daily returns on those of ${name}`),
    correlation: ratio("Correlation", `Pearson's, of the daily returns with those of ${name}`),
    trackingError: part(
      "Tracking error",
      `sample deviation (n − 1) of the daily returns less those of ${name}, × √(${year})`,
    ),
    informationRatio: ratio(
      "Information ratio",
      `arithmetic mean of those differences over their sample deviation, × √(${year})`,
    ),
    upCapture: ratio(
      "Up capture",
      `annual geometric return over that of ${name}, of the days on which it rose`,
    ),
    downCapture: ratio("Down capture", "the same of the days on which it fell: below 1 is good"),
  }) as const satisfies Readonly<Record<string, MeasureMeaning>>;

export const activityMeanings = {
  timeInMarket: part("Time in market", "samples at whose end anything was held, over all samples"),
  averageExposure: part(
    "Average exposure",
    "arithmetic mean, over the samples, of gross exposure over equity",
  ),
  annualTurnover: ratio(
    "Turnover a year",
    "value bought and sold, both sides, over the mean equity, over the years",
  ),
  capacity: of(
    "Capacity",
    "money",
    "equity at which 95 % of the days' trades in a symbol stay within 10 % of its volume that day: mean equity × 0.1 over the 95 % quantile of traded over volume",
  ),
} as const satisfies Readonly<Record<string, MeasureMeaning>>;

export const tradeMeanings = {
  winRate: part("Win rate", "round trips with a profit after fees over all closed ones"),
  profitFactor: ratio("Profit factor", "sum of the profits over the sum of the losses, after fees"),
  payoffRatio: ratio("Payoff ratio", "average profit over average loss, after fees"),
  expectancy: of("Expectancy", "money", "mean profit of a closed round trip, after fees"),
  systemQuality: ratio(
    "System quality number",
    "√n × mean over sample deviation (n − 1) of the profits; n is not capped (Tharp, 2008)",
  ),
  averageHolding: of("Average holding", "seconds", "from the first fill to the closing one"),
  averageAdverse: part(
    "Average adverse excursion",
    "MAE: the deepest that a price fell below the average entry price held just then, as a part of it; at most 0",
  ),
  averageFavourable: part(
    "Average favourable excursion",
    "MFE: the same the other way; at least 0",
  ),
  largestAdverse: part("Largest adverse excursion", "the worst MAE of a closed round trip"),
} as const satisfies Readonly<Record<string, MeasureMeaning>>;

export type ReturnMeasure = keyof ReturnType<typeof returnMeanings>;
export type RelativeMeasure = keyof ReturnType<typeof relativeMeanings>;
export type ActivityMeasure = keyof typeof activityMeanings;
export type TradeMeasure = keyof typeof tradeMeanings;
export type MeasureName = ReturnMeasure | RelativeMeasure | ActivityMeasure | TradeMeasure;
