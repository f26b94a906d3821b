// Seeds that once found something: they run first, for ever. A seed's market may change with
// simulation.ts; what each had found stands beside it, so that another can be looked for.

export const pastSeeds: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 7, found: "orders of one verdict came in the order of their partitions" },
  { seed: 8, found: "the same, with a cancel among them" },
  { seed: 47, found: "an order at the venue at a bar's own instant filled before or after it" },
  { seed: 55, found: "the same, with a rejected cancel" },
  { seed: 255, found: "fills of one verdict's orders came in the order of their partitions" },
];
