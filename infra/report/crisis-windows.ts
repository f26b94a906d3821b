// Stretches of market history that a strategy is asked about by name. Promises: each runs from a close of
// the S&P 500 to a later, lower one, the highest and the lowest of its stretch.

export interface CrisisWindow {
  readonly name: string;
  /** UTC day of the high close. What is held over the fall was bought by its end. */
  readonly from: string;
  /** UTC day of the low close, the window's last. */
  readonly to: string;
}

/** In the order of time. The days are checked against the index's closes in the unit test. */
export const crisisWindows: readonly CrisisWindow[] = [
  { name: "Dot-com crash", from: "2000-03-24", to: "2002-10-09" },
  { name: "Financial crisis", from: "2007-10-09", to: "2009-03-09" },
  { name: "Flash crash", from: "2010-04-23", to: "2010-07-02" },
  { name: "US downgrade and euro debt", from: "2011-04-29", to: "2011-10-03" },
  { name: "China devaluation", from: "2015-07-20", to: "2015-08-25" },
  { name: "Volatility shock", from: "2018-01-26", to: "2018-02-08" },
  { name: "Fourth quarter of 2018", from: "2018-09-20", to: "2018-12-24" },
  { name: "Covid", from: "2020-02-19", to: "2020-03-23" },
  { name: "Rate rises", from: "2022-01-03", to: "2022-10-12" },
];
