// kafkajs' own log, into ours. It calls what any group does all day an error (a rebalance in
// progress, a coordinator that moved): such lines are of the level that they deserve.

import { type logCreator, logLevel } from "kafkajs";
import type { Log, LogLevel } from "./logs.ts";

const levels: Readonly<Record<number, LogLevel>> = {
  [logLevel.ERROR]: "error",
  [logLevel.WARN]: "warn",
  [logLevel.INFO]: "info",
  [logLevel.DEBUG]: "debug",
};

/** Answers of a broker after which kafkajs goes on by itself. */
const usual =
  /rebalanc|not the (group |transaction )?coordinator|coordinator is (not available|loading)|no leader|not the leader|leadership election/i;

/** To be given to `new Kafka({ logCreator, logLevel })`. */
export const kafkaLogCreator =
  (log: Log): logCreator =>
  () =>
  ({ namespace, level, log: { message, timestamp: _at, logger: _logger, error, ...rest } }) => {
    const said = levels[level] ?? "debug";
    const text = error === undefined ? message : `${message} ${String(error)}`;
    const milder = said === "error" && usual.test(text) ? "info" : said;
    log.write(milder, `kafka: ${message}`, {
      part: namespace,
      ...rest,
      ...(error === undefined ? {} : { error }),
    });
  };
