// A process that gives pages up and takes them again as fast as it can: batches that are dropped soon,
// states that grow and shrink. While it writes it reads its own log; says what went wrong there.
// node churning-process.ts DIR SECONDS

import { writeSync } from "node:fs";
import { batchAt } from "../../../streams/testing/log-fixtures.ts";
import { openEmbeddedLog } from "../embedded-log.ts";

const PARTITIONS = 3;
const [dir = "", seconds = "1"] = process.argv.slice(2);

const log = await openEmbeddedLog(dir);
await log.createTopic("bars", PARTITIONS);
await log.setRetention("bars", { keepUs: 2_000 });
const { epoch } = await log.openTask("t");
const ends = Array<number>(PARTITIONS).fill(0);
writeSync(1, "writing\n");
const untilMs = performance.now() + 1000 * Number(seconds);
for (let i = 0; performance.now() < untilMs; ) {
  const underWay: Promise<void>[] = [];
  for (let k = 0; k < 20; k++, i++) {
    const partition = i % PARTITIONS;
    const times = Array<number>(1 + (i % 7)).fill(i);
    const baseOffset = ends[partition] as number;
    const payload = i % 10 === 0 ? 20_000 : (i * 37) % 900;
    ends[partition] = baseOffset + times.length;
    underWay.push(
      log.commit({
        produced: [batchAt("bars", partition, baseOffset, times, { payload, fill: i & 0xff })],
        checkpoints: [
          { task: "t", epoch, consumed: [], state: new Uint8Array((i * 113) % 30_000) },
        ],
      }),
    );
  }
  if (i % 400 === 0) underWay.push(log.retain().then(() => {}));
  const { start } = (await log.partitions())[i % PARTITIONS] ?? { start: 0 };
  for (let offset = start; ; ) {
    const batch = await log.read("bars", i % PARTITIONS, offset).catch((error) => {
      // What is being dropped is refused as such; anything else is wrong.
      if (error.code !== "STREAMS_OFFSET_OUT_OF_RANGE") writeSync(1, `wrong: ${error.message}\n`);
      return null;
    });
    if (batch === null) break;
    offset += batch.count;
  }
  await Promise.all(underWay);
}
await log.close();
writeSync(1, "closed\n");
