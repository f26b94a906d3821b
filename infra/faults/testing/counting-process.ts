// A process that counts: says and notes each number, passes a crash point before and after.
// TAPEDECK_HISTORY=FILE [TAPEDECK_CRASH_AT=POINT] node counting-process.ts [LAST]

import { setImmediate as soon } from "node:timers/promises";
import { crashPoint } from "../crash-points.ts";
import { createHistory } from "../history/record-history.ts";

const [last = "1e9"] = process.argv.slice(2);
const point = crashPoint(process.env.TAPEDECK_CRASH_AT);
const history = createHistory(process.env.TAPEDECK_HISTORY ?? "");
const place = { process: "counter", topic: "numbers", partition: 0 };

console.log("ready");
for (let id = 0; id < Number(last); id++) {
  const values = [`${id}`];
  history.record({ op: "send", ...place, id, transaction: null, values });
  point("before-count");
  history.record({ op: "sent", process: place.process, id, outcome: "ok", offsets: [id] });
  point("after-count");
  if (id % 100 === 0) console.log(`counted ${id}`);
  await soon();
}
history.close();
console.log("done");
