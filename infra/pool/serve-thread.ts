// The thread's side of a device: takes one order after the other and answers each. What carries the work out is
// given, so that a device of another kind is another function.

import { parentPort } from "node:worker_threads";
import { DeviceFailure, type StopFlag, stopRequested } from "./device.ts";
import { type RunOrder, SetKeeper, type ThreadAnswer } from "./thread-protocol.ts";
import type { Result, Work } from "./work.ts";

export type CarryOut = (
  work: Work,
  expired: () => boolean,
  stop: StopFlag,
) => Result | Promise<Result>;

/** A result's memory is handed over where that is cheaper than a copy of so many bytes. */
const HANDED_OVER = 65_536;

/** Begins to serve; says so to who opened the thread. */
export function serveThread(carryOut: CarryOut): void {
  const port = parentPort;
  if (port === null) throw new Error("this file is the beginning of a thread");
  const sets = new SetKeeper();
  port.on("message", (order: RunOrder | "end") => {
    if (order === "end") {
      port.close();
      return;
    }
    const { stop } = order;
    const work = sets.work(order);
    const answer = (reply: ThreadAnswer): void => port.postMessage(reply, handedOver(reply));
    // Not async where the work is not: a turn of the event loop is dearer than small work.
    try {
      const result = carryOut(work, () => stopRequested(stop), stop);
      if (result instanceof Promise)
        result.then((done) => answer({ result: done }), failed(answer));
      else answer({ result });
    } catch (error) {
      failed(answer)(error);
    }
  });
  port.postMessage("ready");
}

const failed =
  (answer: (reply: ThreadAnswer) => void) =>
  (error: unknown): void => {
    if (error instanceof DeviceFailure) answer({ failure: error.reason, message: error.message });
    else if (isOutOfMemory(error)) answer({ failure: "OUT_OF_MEMORY", message: error.message });
    else if (error instanceof RangeError) answer({ failure: "INVALID", message: error.message });
    // A bug of ours: the thread ends with it, and whoever opened it is told of what.
    else setImmediate(() => Promise.reject(error));
  };

/** V8 has no type of its own for it. */
const isOutOfMemory = (error: unknown): error is RangeError =>
  error instanceof RangeError && /allocation failed/.test(error.message);

/** Whole buffers of a result; views of a part may belong to somebody else. */
function handedOver(answer: ThreadAnswer): ArrayBuffer[] {
  if (!("result" in answer)) return [];
  const buffers = new Set<ArrayBuffer>();
  for (const value of Object.values(answer.result)) {
    if (!ArrayBuffer.isView(value) || !(value.buffer instanceof ArrayBuffer)) continue;
    const { buffer } = value;
    if (value.byteLength === buffer.byteLength && value.byteLength >= HANDED_OVER)
      buffers.add(buffer);
  }
  return [...buffers];
}
