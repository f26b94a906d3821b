// The settings that our topics need on Kafka, and why.
//
// A topic of the tape is never compacted, not even where the catalogue calls it `compact` (the last
// event of each key is enough to know the present): a record's logical offset is its ordinal in the
// partition, and a reader that finds ordinals missing stops, as it must where records were lost. On
// the embedded log compaction keeps count, and such a tape may be played to Kafka: so holes in a topic
// that the catalogue calls `compact` are read as such. The broker would make more of them.
// Only changelogs are compacted: they are read by key, never by ordinal.

export type TopicSettings = Readonly<Record<string, string>>;

/** 4 MiB: a commit's batch for one partition travels whole or is split by its producer. */
export const MAX_BATCH_BYTES = 4 << 20;

const FOR_EVER = "-1";
const LONGEST = "9223372036854775807";

const both: TopicSettings = {
  // Times are the market's: recorded ones are years old, a simulated market's may be ahead. The
  // broker would otherwise refuse what is an hour ahead, or stamp its own clock.
  "message.timestamp.type": "CreateTime",
  "message.timestamp.before.max.ms": LONGEST,
  "message.timestamp.after.max.ms": LONGEST,
  "max.message.bytes": String(MAX_BATCH_BYTES),
  // A leader that lacks acknowledged records would undo commits.
  "unclean.leader.election.enable": "false",
};

/** `retentionMs` null keeps records for ever: a backtest can then replay all that ever happened. */
export const tapeSettings = (
  minInsyncReplicas: number,
  retentionMs: number | null = null,
): TopicSettings => ({
  "cleanup.policy": "delete",
  "retention.ms": retentionMs === null ? FOR_EVER : String(retentionMs),
  "retention.bytes": FOR_EVER,
  ...both,
  "min.insync.replicas": String(minInsyncReplicas),
});

/** A restart reads a changelog from its start: small segments and eager cleaning keep it short. */
export const changelogSettings = (minInsyncReplicas: number): TopicSettings => ({
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.1",
  "segment.ms": String(60 * 60 * 1000),
  "segment.bytes": String(64 << 20),
  // A tombstone outlasts any reader that met the key before it.
  "delete.retention.ms": String(24 * 60 * 60 * 1000),
  ...both,
  "min.insync.replicas": String(minInsyncReplicas),
});
