import { expect, test } from "vitest";
import { Followers, type StopSignal } from "./followers.ts";

const signal = (
  onabort: StopSignal["onabort"] = null,
): { -readonly [K in keyof StopSignal]: StopSignal[K] } => ({
  aborted: false,
  onabort,
});

test("one signal serves many partitions for ever: a stop costs no more after many answers", async () => {
  const [left, right] = [new Followers(), new Followers()];
  const stop = signal();
  let waiting = left.wait(0, stop);
  for (let end = 1; end <= 40_000; end++) {
    const [from, to] = end % 2 === 1 ? [left, right] : [right, left];
    const next = to.wait(end, stop);
    from.grown(end);
    expect(await waiting).toBe(true);
    waiting = next;
  }
  stop.aborted = true;
  stop.onabort?.();
  expect(await waiting).toBe(false);
  expect([left.idle, right.idle]).toEqual([true, true]);
});

test("a handler that was there, or comes later, is called too", async () => {
  const called: string[] = [];
  const stop = signal(() => called.push("before"));
  const followers = new Followers();
  const first = followers.wait(0, stop);
  const ours = stop.onabort;
  stop.onabort = () => {
    called.push("after");
    ours?.call(stop);
  };
  const second = followers.wait(0, stop);
  stop.onabort?.();
  expect(await Promise.all([first, second])).toEqual([false, false]);
  expect(called).toEqual(["after", "before"]);
});
