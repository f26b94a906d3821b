// What only the checks of whole proposals and overlays write into a verdict: each test file that counts
// what was produced counts its own part.

export const proposalNames: readonly string[] = [
  ..."MaxSectorExceeded MaxNetExposureExceeded MaxLeverageExceeded MaxWeightExceeded".split(" "),
  ..."MaxHerfindahlExceeded MaxBetaExceeded MaxValueAtRiskExceeded".split(" "),
  ..."MaxExpectedShortfallExceeded MaxCorrelationExceeded MaxDaysToExitExceeded".split(" "),
  ..."NotEnoughHistory MaxDailyLossExceeded MaxWeeklyLossExceeded MaxTradesExceeded".split(" "),
  ..."CapitalGateExceeded Restricted Blackout ManualTarget".split(" "),
  ..."MAX_SECTOR MAX_NET_EXPOSURE MAX_LEVERAGE MAX_WEIGHT MAX_HERFINDAHL MAX_BETA".split(" "),
  ..."VALUE_AT_RISK EXPECTED_SHORTFALL MAX_CORRELATION DAYS_TO_EXIT DRAWDOWN_WARNING".split(" "),
  ..."DRAWDOWN_CLOSE DAILY_LOSS WEEKLY_LOSS TRADES_A_DAY CAPITAL_GATE".split(" "),
  ..."RESTRICTED BLACKOUT MANUAL_TARGET SCALE CLOSE HISTORY HUNDREDTH_DAYS COUNT".split(" "),
  ..."VIEW View".split(" "),
];
