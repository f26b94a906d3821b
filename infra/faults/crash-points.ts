// Named places at which a process ends itself as kill -9 would. Promises: the product knows nothing of
// them. A fault run's own entry script reads which one is wanted and brings it in from outside: around
// every request to a broker (`watchRequests`), or as a hook where the product takes one.

import { AsyncResource } from "node:async_hooks";
import { createRequire } from "node:module";
import { TapedeckError } from "../../schemas/errors.ts";

/** Says that the process is at a place; does not return where it is to end there. */
export type CrashPoint = (name: string) => void;

/** "before-EndTxn#3": the third time that the process is there; without a number the first. */
const PLACE = /^([A-Za-z-]+)(?:#([1-9]\d*))?$/;

/** No handler runs, nothing is flushed: what the process knew is gone. */
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};

/**
 * `wanted` is the entry script's to read (TAPEDECK_CRASH_AT); absent: nowhere, at no cost. `end` is
 * what happens there, once.
 */
export function crashPoint(wanted: string | undefined, end: () => void = die): CrashPoint {
  if (wanted === undefined || wanted === "") return () => {};
  const [, place, number = "1"] = PLACE.exec(wanted) ?? [];
  if (place === undefined) {
    throw new TapedeckError("USAGE_INVALID", `no crash point: "${wanted}"; write name#2`, {
      wanted,
    });
  }
  let left = Number(number);
  return (name) => {
    if (name === place && --left === 0) end();
  };
}

interface QueuedRequest {
  readonly entry: { readonly apiName: string; readonly resolve: (answer: object) => void };
  readonly sendRequest: () => void;
}

/**
 * Around every request of every Kafka connection in this process, kafkajs' own and our data plane's:
 * `before-<API>` nothing of it has left; `sent-<API>` it is with the operating system (or behind what
 * is); `answered-<API>` the answer is here and nobody has seen it. Cannot be undone.
 */
export function watchRequests(point: CrashPoint): void {
  const require = createRequire(import.meta.url);
  // Both queue their requests here; it is the last place before the socket that has their names.
  const { prototype } = require("kafkajs/src/network/requestQueue") as {
    readonly prototype: { push: (request: QueuedRequest) => void };
  };
  const { push } = prototype;
  prototype.push = function (this: typeof prototype, request: QueuedRequest) {
    const { entry, sendRequest } = request;
    point(`before-${entry.apiName}`);
    push.call(this, {
      ...request,
      entry: {
        ...entry,
        // Answers come in the context of a socket: whoever asks wants to know for whom.
        resolve: AsyncResource.bind((answer: object) => {
          point(`answered-${entry.apiName}`);
          entry.resolve(answer);
        }),
      },
      sendRequest: () => {
        sendRequest();
        point(`sent-${entry.apiName}`);
      },
    });
  };
}
