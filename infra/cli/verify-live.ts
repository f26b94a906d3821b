// tapedeck verify --live: the proof for what `tapedeck run` has done.

import { formatIsoUs } from "../../schemas/values/time.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import { type LiveManifest, planLive, readLive } from "../kafka/service/live-run.ts";
import { type LateShare, type LiveVerdict, verifyLive } from "../kafka/service/verify-live.ts";
import { openKafka } from "../kafka/session.ts";
import { hashOfHashes } from "../run/hashes.ts";
import { grouped, progressLine } from "./progress.ts";
import { tableText } from "./table.ts";
import { differenceText } from "./verify.ts";

interface Options {
  readonly root: string;
  readonly cluster?: string;
  readonly admissions: boolean;
  readonly config?: string;
  readonly set?: readonly Override[];
}

export async function printLiveVerdict(app: string, options: Options, json: boolean) {
  const { manifest, configPath } = readLive(options.root, app);
  const config = await loadConfig(options.config ?? configPath, options.set ?? []);
  const session = await openKafka({ cluster: options.cluster });
  const line = progressLine("verifying", "events");
  try {
    const { isolate, prefix } = manifest;
    const run = await planLive(config, { app, prefix }, isolate, (topic) =>
      session.connection.partitionsOf(topic),
    );
    const live = session.log(app, prefix);
    const verdict = await verifyLive(run, live, {
      ignoreAdmissions: !options.admissions,
      onProgress: ({ sourceEvents }) => line.update(sourceEvents, sourceEvents),
    });
    line.end();
    const sameRun = run.digest === manifest.digest;
    process.stdout.write(
      json ? asJson(manifest, verdict, sameRun) : asText(manifest, verdict, sameRun),
    );
    if (!verdict.identical) process.exitCode = 6;
  } finally {
    line.end();
    await session.close();
  }
}

const asJson = ({ app, digest }: LiveManifest, verdict: LiveVerdict, sameRun: boolean): string => {
  const { settledUs, ...rest } = verdict;
  const settled = Number.isFinite(settledUs) ? formatIsoUs(settledUs) : null;
  const text = { app, digest, sameRun, settled, ...rest };
  return `${JSON.stringify(text, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`;
};

function asText({ app }: LiveManifest, verdict: LiveVerdict, sameRun: boolean): string {
  const { identical, records, admissions, late, differences, outputs, settledUs } = verdict;
  const lines: string[] = [];
  const reach = Number.isFinite(settledUs)
    ? settledUs > 0
      ? `up to ${formatIsoUs(settledUs)}, which is settled by now`
      : "nothing yet: not every task has committed"
    : "everything that it has written";
  if (identical) {
    lines.push(
      `identical: ${grouped(records)} events of ${app} replayed, every byte as written live`,
      `covers ${reach}; ${grouped(admissions)} late events put where they were let in`,
      tableText(
        outputs.map(({ topic, partition, to, sha256 }) => ({
          topic: `${topic}/${partition}`,
          events: to,
          sha256: sha256.slice(0, 16),
        })),
        "nothing was written",
      ).trimEnd(),
      `hash ${hashOfHashes(outputs)}`,
    );
  } else {
    lines.push(`different: ${app}, first difference of each partition`);
    for (const difference of differences) lines.push(`  ${differenceText(difference)}`);
  }
  if (late.length > 0) lines.push(...lateText(late));
  if (!sameRun) lines.push("not the same run: settings, model or code are not what ran live");
  return `${lines.join("\n")}\n`;
}

const MUCH = 0.01;

function lateText(late: readonly LateShare[]): readonly string[] {
  const shares = late.map(({ topic, late: count, events }) => {
    const percent = ((100 * count) / events).toFixed(1);
    return `${grouped(count)} of ${grouped(events)} ${topic} (${percent} %)`;
  });
  const lines = [`late: ${shares.join(", ")}`];
  if (late.some(({ late: count, events }) => count / events >= MUCH)) {
    lines.push(
      "  → much came late: this is what ran, but a backtest of the same topics decides otherwise",
      "    (docs/kafka.md, Starting behind; --no-admissions shows where)",
    );
  }
  return lines;
}
