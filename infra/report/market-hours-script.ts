// Part of the report's page script: a time axis that leaves closed hours out. Promises: only what the market
// was closed for is left out (closed-hours.ts), whatever the chart has to show of it; every open moment keeps
// its length; a closed stretch is drawn as long as one step; the way there and back (fwd, bwd) rises with
// time; where there was no closed stretch, there is no such axis.

export const marketHoursScript = `
/** How times, in seconds and rising, are drawn; null where the market did not close within them. */
function marketHours(x, closed) {
  const [min, max] = [x[0], x[x.length - 1]];
  const steps = x.slice(1).map((t, i) => t - x[i]);
  const middle = steps.slice().sort((a, b) => a - b)[steps.length >> 1] || 0;
  const usual = Math.max(middle, closed.step);
  const gaps = [];
  let cut = 0;
  closed.from.forEach((from, i) => {
    const to = closed.to[i];
    // Only what is longer than it would be drawn.
    if (to <= min || from >= max || usual <= 0 || to - from <= usual) return;
    gaps.push({ from, to, at: from - cut, cut });
    cut += to - from - usual;
  });
  if (gaps.length === 0) return null;
  const last = (key, value) => {
    let low = -1, high = gaps.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (gaps[middle][key] <= value) low = middle; else high = middle - 1;
    }
    return gaps[low];
  };
  const fwd = (t) => {
    const gap = last("from", t);
    if (!gap) return t;
    const length = gap.to - gap.from;
    return t < gap.to ? gap.at + ((t - gap.from) / length) * usual : t - gap.cut - length + usual;
  };
  const bwd = (c) => {
    const gap = last("at", c);
    if (!gap) return c;
    const length = gap.to - gap.from;
    return c < gap.at + usual ? gap.from + ((c - gap.at) / usual) * length : c + gap.cut + length - usual;
  };
  const isOpen = (t) => { const gap = last("from", t); return !gap || t <= gap.from || t >= gap.to; };
  return { fwd, bwd, isOpen, opens: [min, ...gaps.map((gap) => gap.to)] };
}

const TICK_STEPS = [86400, 43200, 21600, 10800, 7200, 3600, 1800, 900, 600, 300, 60, 30, 10, 5, 1];

/** Times to label between min and max, of which only some have room: from days to seconds. */
function marketTicks(hours, min, max, incr, hasRoom) {
  const roomy = (times) => {
    const kept = [];
    for (const t of times) if (kept.length === 0 || hasRoom(kept[kept.length - 1], t)) kept.push(t);
    return kept;
  };
  const opens = hours.opens.filter((t) => t >= min && t <= max);
  // A session that pauses has several opens; a label names the day.
  const dayOf = (t) => Math.floor(t / TICK_STEPS[0]);
  const days = opens.filter((t, i) => i === 0 || dayOf(t) !== dayOf(opens[i - 1]));
  if (incr >= TICK_STEPS[0] || days.length > 8) return roomy(days);
  let best = roomy(opens);
  for (const step of TICK_STEPS) {
    if (best.length >= 4 || (max - min) / step > 20000) break;
    const times = [];
    for (let t = Math.ceil(min / step) * step; t <= max; t += step) if (hours.isOpen(t)) times.push(t);
    const kept = roomy(times);
    if (kept.length > best.length) best = kept;
  }
  return best;
}
`;
