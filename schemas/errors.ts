// Every error that Tapedeck raises on purpose: a closed code, the facts, and what to do next.
// The process exits with the code's `exit`; docs/errors.md is printed from this table.

/** 2 usage or configuration · 3 bad input · 4 the store · 5 a processor or model failed · 6 a proof failed · 1 a bug. */
type ExitCode = 1 | 2 | 3 | 4 | 5 | 6;

interface ErrorKind {
  readonly exit: ExitCode;
  readonly retriable: boolean;
  readonly next: string;
}

const kind = (exit: ExitCode, next: string, retriable = false): ErrorKind => ({
  exit,
  retriable,
  next,
});

export const errorKinds = {
  CODEC_LONG_UNSAFE: kind(3, "keep longs within ±2^53: use a smaller scale or split the quantity"),
  CODEC_INT_RANGE: kind(3, "give a whole number from -2^31 to 2^31 - 1"),
  CODEC_MONEY_RANGE: kind(3, "amounts must fit 64 bits of minor units"),
  CODEC_ENUM_UNKNOWN: kind(3, "use one of the symbols that the schema lists"),
  CODEC_TRUNCATED: kind(4, "the record is damaged: run `tapedeck log check`"),
  CODEC_STRING_INVALID: kind(3, "strings must be well-formed Unicode"),
  VALUE_PRICE_INVALID: kind(3, "give a decimal number within the instrument's priceScale"),
  VALUE_QUANTITY_INVALID: kind(3, "give a decimal number within the instrument's quantityScale"),
  VALUE_SPLIT_INVALID: kind(
    3,
    "give a split as two positive whole numbers: new shares for old ones",
  ),
  VALUE_ACTION_UNSUPPORTED: kind(
    3,
    "leave the action out: contracts against margin take whole splits, changes of symbol and an end",
  ),
  VALUE_TIME_INVALID: kind(2, "times lie within 1970 to 2200: give another day, or fewer of them"),
  STREAMS_TOPIC_UNKNOWN: kind(
    2,
    "use a topic that is there: the message names them, or `tapedeck inspect topics TAPE` does",
  ),
  STREAMS_TWO_WRITERS: kind(2, "give the topic to one processor; route the other to its own topic"),
  STREAMS_ZERO_LATENCY_CYCLE: kind(2, "declare a latency above 0 on one edge of the cycle"),
  STREAMS_NOT_COPARTITIONED: kind(
    2,
    "key the inputs alike, or declare the processor's scope as portfolio",
  ),
  STREAMS_INPUT_UNWRITTEN: kind(
    2,
    "add the processor that writes the topic, or declare it as a source",
  ),
  STREAMS_DUPLICATE_PROCESSOR: kind(2, "give each processor its own name"),
  STREAMS_PROCESSOR_UNKNOWN: kind(2, "name processors that the message lists"),
  STREAMS_OUTPUT_UNDECLARED: kind(5, "list the topic in the processor's outputs"),
  STREAMS_TIME_REVERSED: kind(5, "an event may not be earlier than its cause plus the latency"),
  STREAMS_STATE_UNSUPPORTED: kind(
    5,
    "keep state as plain data: numbers, strings, booleans, bigints, arrays, maps, records",
  ),
  STREAMS_OFFSET_CONFLICT: kind(
    4,
    "another writer appended first: reopen and read the offsets",
    true,
  ),
  STREAMS_LATENCY_INVALID: kind(2, "give a whole number of microseconds, 0 or more"),
  STREAMS_FENCED: kind(4, "another process took the task over: stop this one"),
  STREAMS_PARTITIONS_CHANGED: kind(2, "partition counts are fixed when a topic is made"),
  STREAMS_OFFSET_OUT_OF_RANGE: kind(
    3,
    "ask for an offset that is kept: the message says which, or `tapedeck inspect topics TAPE` does",
  ),
  PROJECTION_INSTRUMENT_UNKNOWN: kind(
    3,
    "put the instrument's event before the first event of its symbol",
  ),
  PROJECTION_LEDGER_UNBALANCED: kind(6, "report it: two sides of one booking differ"),
  USAGE_INVALID: kind(2, "see `tapedeck --help`, or --help after a command"),
  INSPECT_ARGUMENT_INVALID: kind(2, "see `tapedeck inspect --help`"),
  STATEMENT_DAY_INVALID: kind(
    2,
    "give a day of the run as YYYY-MM-DD, and a zone such as America/New_York; `tapedeck statement --help`",
  ),
  OPTIMISE_OPTION_INVALID: kind(2, "see `tapedeck optimise --help`"),
  OPTIMISE_FILE_INVALID: kind(3, "mend the line that the message names, or leave it out"),
  OPTIMISE_REFUSED: kind(3, "change what the message names; `tapedeck optimise --help`"),
  OPTIMISE_INFEASIBLE: kind(2, "loosen one of the limits that the message names"),
  OPTIMISE_UNBOUNDED: kind(2, "bound the weights: --budget 1, --max-weight or --gross"),
  RUN_UNKNOWN: kind(2, "list runs with `tapedeck inspect runs`"),
  RUN_AMBIGUOUS: kind(2, "give more of the run's id"),
  RUN_INCOMPLETE: kind(2, "finish it with `tapedeck backtest CONFIG --resume`"),
  RUN_BUSY: kind(4, "wait until the other process is done, or stop it and use --resume", true),
  RUN_MANIFEST_INVALID: kind(4, "the run's manifest is damaged: run the backtest again"),
  FORK_TIME_INVALID: kind(2, "give an ISO 8601 time with a zone, inside the run's range"),
  FORK_SETTING_FIXED: kind(2, "leave --at out: the fork then holds from the beginning"),
  TAPE_EXISTS: kind(2, "give the name of a new tape, or remove the old one"),
  TAPE_UNKNOWN: kind(
    2,
    "make it with `tapedeck import` or `simulate`; one that was moved: --set tape=FOLDER",
  ),
  IMPORT_OPTION_INVALID: kind(2, "see `tapedeck import --help`"),
  IMPORT_FILE_UNREADABLE: kind(3, "give the path of a CSV, gzip'd CSV or Parquet file"),
  IMPORT_FILE_EMPTY: kind(3, "give a file with a header line and rows"),
  IMPORT_FILE_BINARY: kind(3, "give a CSV, gzip'd CSV or Parquet file"),
  IMPORT_FILE_ENCODING: kind(3, "save it as UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`"),
  IMPORT_FILE_CHANGED: kind(3, "let nothing write to the file, and import it to a new tape"),
  IMPORT_GZIP_TRUNCATED: kind(
    3,
    "fetch the file again; or keep what there is: `gzip -dc FILE > PART.csv`, then import PART.csv",
  ),
  IMPORT_GZIP_DAMAGED: kind(3, "fetch the file again: its checksum fails"),
  IMPORT_GZIP_BOMB: kind(3, "unpack it yourself if you trust it, then import the plain file"),
  IMPORT_PARQUET_DAMAGED: kind(3, "fetch or write the file again"),
  IMPORT_PARQUET_UNSUPPORTED: kind(3, "write it with snappy, gzip or zstd and smaller row groups"),
  IMPORT_HEADER_INVALID: kind(3, "give a file whose first line names its columns"),
  IMPORT_HEADER_MISSING: kind(3, "name the columns: --columns time,price,size"),
  IMPORT_COLUMN_MISSING: kind(3, "say which column it is: --map role=column"),
  IMPORT_COLUMN_UNKNOWN: kind(3, "use a column that the file has"),
  IMPORT_COLUMN_DUPLICATE: kind(3, "rename one of the columns, or choose with --map"),
  IMPORT_SYMBOL_MISSING: kind(3, "say what it is about: --symbol IBM, or --map symbol=COLUMN"),
  IMPORT_NO_ROWS: kind(3, "look at the row named, then at --map, --time-zone and --time-unit"),
  IMPORT_PRICE_DIGITS: kind(3, "choose how many decimals to keep: --price-scale 4"),
  IMPORT_QUANTITY_DIGITS: kind(3, "choose how many decimals to keep: --quantity-scale 6"),
  IMPORT_INTERVAL_UNCLEAR: kind(3, "say how long a bar lasts: --interval 1m, 1h or 1d"),
  IMPORT_NOT_LATER: kind(
    3,
    "import files together, oldest first, or to a new tape: a tape only grows at its end",
  ),
  IMPORT_ROW_MALFORMED: kind(3, "mend the row: as many cells as the header has, quotes closed"),
  IMPORT_ROW_TOO_LONG: kind(3, "mend the row: a line end is missing"),
  IMPORT_FIELD_EMPTY: kind(3, "fill the cell, or leave the row out"),
  IMPORT_FIELD_INVALID: kind(3, "mend the cell that the detail shows"),
  IMPORT_NUMBER_INVALID: kind(3, "write numbers as 1234.5: no NaN, no thousands separator"),
  IMPORT_NUMBER_PRECISION: kind(3, "import to a new tape, or choose --price-scale to round"),
  IMPORT_NUMBER_RANGE: kind(3, "choose a smaller --price-scale or --quantity-scale"),
  IMPORT_PRICE_NOT_POSITIVE: kind(3, "mend the price; only --asset-class future may go below 0"),
  IMPORT_QUANTITY_INVALID: kind(
    3,
    "mend the quantity: it is 0 or more, and more than 0 in a trade",
  ),
  IMPORT_QUOTE_EMPTY: kind(3, "give a bid or an ask"),
  IMPORT_BAR_INCONSISTENT: kind(3, "mend the bar: low ≤ open, close ≤ high"),
  IMPORT_BAR_DUPLICATE: kind(3, "leave one of the two bars out"),
  IMPORT_SYMBOL_INVALID: kind(3, "use letters, digits and ^ $ . _ : / = & + -, at most 32"),
  IMPORT_SYMBOL_UNKNOWN: kind(3, "import the symbol's prices to the tape first"),
  IMPORT_TIME_INVALID: kind(3, "write times as ISO 8601 or epoch numbers, alike in one file"),
  IMPORT_TIME_RANGE: kind(3, "check the unit (--time-unit): times lie within 1970 to 2200"),
  IMPORT_TIME_ZONE_MISSING: kind(3, "say which zone times are in: --time-zone America/New_York"),
  TAPE_TIME_REVERSED: kind(3, "write source events in order of time"),
  TAPE_SYMBOL_UNKNOWN: kind(2, "name symbols that the tape has"),
  TAPE_COPY_DIFFERS: kind(
    2,
    "copy to a place of its own (another --prefix or tape), or remove what is there",
  ),
  TAPE_EMPTY: kind(
    2,
    "widen the range, or see `tapedeck inspect topics TAPE` for the times of a tape",
  ),
  TAPE_TOPICS_MISSING: kind(
    2,
    "name the topics by --topics, or mend the tape or the --prefix that they are looked for in",
  ),
  STREAMS_BATCH_INVALID: kind(5, "frame records as streams/record.ts says, and count them"),
  STREAMS_STATE_INCOMPLETE: kind(
    4,
    "the task's state is damaged: restore its log from a copy, or start it afresh",
  ),
  STREAMS_GROUP_CHANGED: kind(
    2,
    "run with the grouping that the state was made with, or as another application",
  ),
  STREAMS_ENTRY_KEY_INVALID: kind(
    5,
    "key Maps in a processor's state by well-formed text of at most about 900 bytes",
  ),
  STREAMS_NAME_INVALID: kind(2, "give a name of 1 to 400 bytes"),
  STREAMS_NOT_COMPACTED: kind(2, "compact only topics that the catalogue marks so"),
  STORE_NOT_FOUND: kind(3, "give the folder of a log, or make one with `tapedeck simulate`"),
  STORE_FORMAT: kind(4, "open it with the version of Tapedeck that wrote it"),
  STORE_DAMAGED: kind(4, "run `tapedeck log check` on the folder, then `tapedeck log repair`"),
  STORE_LOCKED: kind(4, "stop the other process, or open the log for reading", true),
  STORE_READ_ONLY: kind(4, "make the folder writable, or open the log for reading"),
  STORE_FULL: kind(4, "free disk space and go on: everything acknowledged is kept", true),
  STORE_HALTED: kind(4, "look at the disk, then open the log again: acknowledged data is kept"),
  STORE_UNAVAILABLE: kind(4, "see the cause: the folder's owner, its mode, the open file limit"),
  STORE_CLOSED: kind(1, "use a log before it is closed"),
  PROCESSOR_RATE_UNKNOWN: kind(
    5,
    "let the tape hold bars of a pair (import --contract exchange) from before the first trade on, and name it in `symbols`",
  ),
  PROCESSOR_RATE_STALE: kind(
    5,
    "import the missing bars of the pair, or raise portfolio.rateMaxAge",
  ),
  CALENDAR_UNKNOWN: kind(
    2,
    "name a calendar that is known, `import --calendar`; or set fixed hours, venue.trading.hours and risk.orders.session",
  ),
  PROCESSOR_CURRENCY_UNSUPPORTED: kind(
    2,
    "trade instruments in the portfolio's own currency, or let it convert: portfolio.rateMaxAge (docs/accounting.md)",
  ),
  PROCESSOR_COMMAND_INVALID: kind(2, "give the command what the message says that it lacks"),
  PROCESSOR_CONFIG_INVALID: kind(2, "mend the setting that the message names"),
  CONFIG_FILE_UNREADABLE: kind(2, "name a YAML file that can be read: `tapedeck config default`"),
  CONFIG_NOT_TEXT: kind(2, "save the configuration as UTF-8 text of at most 256 KiB"),
  CONFIG_YAML_INVALID: kind(2, "mend the lines named: `tapedeck config check FILE`"),
  CONFIG_INVALID: kind(2, "mend the keys named: `tapedeck config schema` lists what is allowed"),
  CONFIG_CLUSTER_INVALID: kind(2, "mend the keys named: docs/cluster.md lists what is allowed"),
  SWEEP_AXIS_INVALID: kind(
    2,
    "write --set key=values, such as --set features.emaFast=5..50:5 or --set features.emaSlow=20,50",
  ),
  SWEEP_TOO_LARGE: kind(2, "give fewer values, or draw some of them with --random N"),
  SWEEP_EMPTY: kind(2, "mend what the message names, or vary the settings within what is allowed"),
  SWEEP_MEASURE_UNDEFINED: kind(
    2,
    "choose by --measure periodSharpe, which is of hours or minutes, or by netProfit: what was run is kept",
  ),
  SWEEP_RESULTS_DAMAGED: kind(
    4,
    "remove the file that the message names: the trials are run again",
  ),
  WALK_FORWARD_TOO_SHORT: kind(2, "give fewer days to --in-sample, or a tape with more of them"),
  CONFIG_OVERRIDE_INVALID: kind(2, "write --set key=value, such as --set risk.maxDrawdown=0.1"),
  MODEL_UNKNOWN: kind(2, "name a built-in model, or a file by its path: ./my-model.ts"),
  MODEL_UNREADABLE: kind(2, "name a TypeScript or JavaScript file of at most 1 MiB"),
  MODEL_RUNTIME_TOO_OLD: kind(2, "run a model file with Node 22.18 or later"),
  MODEL_SYNTAX_INVALID: kind(2, "mend the line named"),
  MODEL_TYPE_INVALID: kind(2, "mend the lines named: docs/tutorial.md shows a whole model"),
  IMPACT_SYMBOL_UNKNOWN: kind(2, "propose weights of symbols whose bars the run read"),
  IMPACT_HISTORY_SHORT: kind(
    3,
    "leave out the symbol whose history is short, or name a longer run",
  ),
  REPORT_BENCHMARK_UNKNOWN: kind(
    2,
    "name a symbol whose bars the run read, or a CSV file of dates and closes",
  ),
  REPORT_BENCHMARK_INVALID: kind(
    3,
    "give a CSV with a column of ISO dates and one of closes above 0",
  ),
  REPORT_EXPORT_REFUSED: kind(2, "name a folder that is not there yet, or an empty one"),
  MODEL_IMPORT_REFUSED: kind(2, 'keep the model in one file; only `import type … from "tapedeck"`'),
  MODEL_INPUT_HIDDEN: kind(2, "decide from the state and the features alone"),
  MODEL_SHAPE_INVALID: kind(
    2,
    "export one SignalModel or PortfolioModel as default: docs/tutorial.md shows both",
  ),
  MODEL_FAILED: kind(5, "mend the model and run the backtest again: another model is another run"),
  MODEL_STRENGTH_INVALID: kind(5, "return a number from -1 to 1, or null for no view"),
  TELEMETRY_ADDRESS_UNAVAILABLE: kind(
    2,
    "choose another port or host for health and metrics; port 0 takes any free one",
  ),
  TELEMETRY_LOG_UNWRITABLE: kind(4, "name a file that can be written, or log to stderr"),
  FAULTS_HISTORY_INVALID: kind(3, "record it with infra/faults/history/record-history.ts"),
  FAULTS_PROCESS_ENDED: kind(5, "see what the process said last, in the message"),
  FAULTS_NO_PROGRESS: kind(6, "see what its process logged: run it alone with --fault and --keep"),
  PROCESSOR_FAILED: kind(
    5,
    "look at the event with `tapedeck inspect events` (live: in a tape of `tapedeck record --all`); what was committed before it is kept",
  ),
  REGISTRY_NOT_CONFIGURED: kind(
    2,
    "name the schema registry: --registry URL, TAPEDECK_REGISTRY, or `registry` in the cluster file",
  ),
  REGISTRY_UNREACHABLE: kind(
    4,
    "start the registry, or mend its address and the network between; then try again",
    true,
  ),
  REGISTRY_NOT_A_REGISTRY: kind(
    2,
    "give the address of a Confluent-compatible registry; Apicurio's ends in /apis/ccompat/v7",
  ),
  REGISTRY_UNTRUSTED: kind(2, "name the authority that signed the registry's certificate"),
  REGISTRY_ACCESS_REFUSED: kind(2, "give the registry's user and password, or its token"),
  REGISTRY_REFUSED: kind(4, "see the registry's own words in the message, and its log"),
  REGISTRY_NOT_PUBLISHED: kind(
    2,
    "run `tapedeck schemas publish`: services never register schemas",
  ),
  REGISTRY_INCOMPATIBLE: kind(
    6,
    "mend the fields named: a new field needs a default, and one without a default stays for ever",
  ),
  KAFKA_NOT_CONFIGURED: kind(
    2,
    "name a cluster file (--cluster FILE or TAPEDECK_CLUSTER), or the brokers (TAPEDECK_KAFKA=host:port), or start your own: `npm run kafka -- up`",
  ),
  KAFKA_TOPIC_MISSING: kind(
    2,
    "make the topics: `tapedeck topics apply --config FILE --prefix PREFIX` (play has --create-topics), or mend the --prefix; then run again",
  ),
  KAFKA_INPUT_STALLED: kind(
    4,
    "the task is opened again by itself; if it comes back, look at the broker that leads the partition",
    true,
  ),
  KAFKA_TOPIC_NOT_CREATED: kind(4, "see the broker's log; may this principal create topics?"),
  KAFKA_TOPIC_REFUSED: kind(
    2,
    "mend what the message names: the name (--app, --prefix), the partitions, or the cluster's policy",
  ),
  LIVE_NOTHING_COMMITTED: kind(2, "start the run and feed it, then ask again"),
  LIVE_CONFIG_UNSUPPORTED: kind(2, "take the setting out, or use `tapedeck backtest`"),
  LIVE_UNKNOWN: kind(
    2,
    "name an application that `tapedeck run` has served, and the --root where that was written down",
  ),
  LIVE_VERSIONS_MIXED: kind(
    2,
    "stop every instance, then start all with one version, configuration and model",
  ),
  LIVE_CHANGED: kind(
    2,
    "give the new version topics of its own (--prefix, which names it too), run it as a shadow, or go back to what ran before",
  ),
  LIVE_LATCHED: kind(
    2,
    "find out why it was stopped; `tapedeck command release --who NAME --why TEXT` takes the latch away",
  ),
  LIVE_TOPICS_TAKEN: kind(
    2,
    "give this application topics of its own (another --prefix), or run under the name (--app) that wrote these",
  ),
  SHADOW_CHANGED: kind(
    2,
    "give the other candidate another --name, or go on with the one that was",
  ),
  SHADOW_SOURCES_DIFFER: kind(2, "give the candidate the live flow's `source`"),
  SHADOW_TOPICS_MISSING: kind(2, "run it once with --create-topics, or have those topics made"),
  KAFKA_UNREACHABLE: kind(
    4,
    "start the brokers, or mend their addresses and the network between; then try again",
    true,
  ),
  KAFKA_AUTHENTICATION_FAILED: kind(
    2,
    "mend `sasl` in the cluster file, or the user on the broker",
  ),
  KAFKA_AUTHORIZATION_FAILED: kind(
    2,
    "let the principal do it: `tapedeck topics acl` prints the least that each needs",
  ),
  KAFKA_REFUSED: kind(4, "see the broker's own words in the message, and its log"),
  KAFKA_BROKER_INVALID: kind(2, "write the broker's address as host:port"),
  KAFKA_VERSION_UNSUPPORTED: kind(2, "use brokers of Kafka 2.4 or later"),
  KAFKA_OFFSET_OUT_OF_RANGE: kind(4, "those records were deleted: start from ones that are kept"),
  KAFKA_RECORD_TOO_LARGE: kind(3, "raise the topic's max.message.bytes, or write smaller records"),
  KAFKA_TRANSACTION_TIMEOUT_INVALID: kind(2, "choose a shorter time, or raise the broker's limit"),
  KAFKA_TRANSACTION_ABORTED: kind(
    4,
    "do it again with a new producer: nothing was committed",
    true,
  ),
  KAFKA_OUTCOME_UNKNOWN: kind(4, "open a new producer and read back what was committed", true),
  KAFKA_PRODUCER_UNUSABLE: kind(1, "open a new producer after a failure; one commit at a time"),
  KAFKA_TOKEN_UNAVAILABLE: kind(
    4,
    "see what the message says of the token's file or endpoint, then try again",
    true,
  ),
  DLQ_LETTER_UNKNOWN: kind(2, "give ids that `tapedeck dlq list` shows, such as 0/17"),
  DLQ_FIX_INVALID: kind(2, "mend the lines named: docs/dead-letters.md shows a whole fix"),
  TOPICS_REPLICATION_IMPOSSIBLE: kind(
    2,
    "lower replicationFactor in the cluster file, or start more brokers",
  ),
  TOPICS_DELETE_REFUSED: kind(2, "name only topics that `tapedeck topics plan` lists as unused"),
  TOPICS_UNCONFIRMED: kind(2, "look at the plan, then say --yes"),
  TOPICS_APPLY_FAILED: kind(
    4,
    "mend what the message names and apply again: what is done already stays done",
    true,
  ),
  WIRE_BATCH_DAMAGED: kind(
    4,
    "fetch again; if it stays, the broker's disk or the network damages data",
    true,
  ),
  WIRE_BATCH_VERSION: kind(4, "let the broker write message format 2: Kafka 0.11 or later"),
  WIRE_OFFSET_MISSING: kind(
    4,
    "records of the topic were deleted or damaged: see its dead letters and retention, restore it, read on after them",
  ),
  WIRE_TIMESTAMP_TYPE: kind(
    2,
    "set message.timestamp.type=CreateTime and copy the topic: look-ups by time need event times",
  ),
  WIRE_RECORD_DAMAGED: kind(3, "find the producer that frames records so, and stop it"),
  WIRE_COMPRESSION_UNSUPPORTED: kind(
    3,
    "set the topic's compression.type to producer, gzip or zstd",
  ),
  WIRE_COMPRESSION_DAMAGED: kind(3, "find the producer that packs batches so, and stop it"),
  WIRE_BATCH_BOMB: kind(3, "find the producer of a batch that unpacks to over 64 MiB, and stop it"),
  WIRE_TOMBSTONE: kind(3, "events are never deleted: find who writes messages without a value"),
  WIRE_VALUE_TOO_LARGE: kind(3, "keep values within 1 MiB"),
  WIRE_HEADER_MISSING: kind(
    3,
    "write events through Tapedeck, or with the headers of docs/wire.md",
  ),
  WIRE_HEADER_REPEATED: kind(3, "give each header of docs/wire.md once"),
  WIRE_HEADER_INVALID: kind(3, "write the header as docs/wire.md says"),
  WIRE_TOPIC_FOREIGN: kind(
    3,
    "a message belongs to the topic and partition that it names: mend its producer",
  ),
  WIRE_FRAMING_INVALID: kind(
    3,
    "begin values with 0 and the schema's id (Confluent's wire format)",
  ),
  WIRE_SCHEMA_FOREIGN: kind(
    3,
    "publish the schema with `tapedeck schemas publish`, or write with one of the topic's own",
  ),
  WIRE_VALUE_TRAILING: kind(3, "write the value with the schema that its id names, and no more"),
  WIRE_KEY_MISSING: kind(3, "give each message the key of its value, as UTF-8"),
  WIRE_KEY_DIFFERS: kind(3, "give each message the key of its value, as UTF-8"),
  WIRE_TIMESTAMP_DIFFERS: kind(3, "stamp a message with its effective time in milliseconds"),
  WIRE_TIME_REVERSED: kind(3, "let one writer at a time write a partition"),
  WIRE_OFFSET_REPEATED: kind(3, "let one writer at a time write a partition"),
  BROKER_UNAVAILABLE: kind(
    2,
    "install Java 17 or later and Maven, start Docker, or name running servers: TAPEDECK_KAFKA=host:port, TAPEDECK_REGISTRY=http://host:port",
  ),
  BROKER_INSTALL_FAILED: kind(4, "see whether Maven reaches Maven Central; then try again", true),
  BROKER_START_FAILED: kind(4, "see the server's log, whose last lines the message shows", true),
  POOL_DEVICE_NONE: kind(
    5,
    "see the reason of each device in the message; the CPU's threads need nothing but Node",
  ),
  POOL_RUNTIME_MISSING: kind(
    2,
    "install it: npm install onnxruntime-node --onnxruntime-node-install=skip (docs/pool.md, Models)",
  ),
  POOL_MODEL_INVALID: kind(
    2,
    "give an ONNX file of one float32 input and one output (docs/pool.md)",
  ),
  BROKER_STATE_INVALID: kind(4, "remove it with `npm run kafka -- down`, then `up` again"),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export type ErrorFacts = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** `message` says what happened and with which value; `next` what to do about it. */
export class TapedeckError extends Error {
  override readonly name = "TapedeckError";
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
  }

  get retriable(): boolean {
    return errorKinds[this.code].retriable;
  }

  get next(): string {
    return errorKinds[this.code].next;
  }

  get exit(): ExitCode {
    return errorKinds[this.code].exit;
  }
}
