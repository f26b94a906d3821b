// Membership of a group whose other members take their time.

import { afterEach, beforeEach, expect, test } from "vitest";
import { BodyWriter } from "./body.ts";
import { ClusterView } from "./cluster-view.ts";
import { GroupMembership } from "./group-membership.ts";
import { type Answer, ScriptedBroker } from "./testing/scripted-broker.ts";

const JOIN = 11;
const LEAVE = 13;
const SYNC = 14;
const REQUEST_TIMEOUT_MS = 100;

let broker: ScriptedBroker;
let view: ClusterView;

beforeEach(async () => {
  broker = await ScriptedBroker.start();
  view = new ClusterView({
    brokers: [broker.address],
    clientId: "test",
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: 5_000,
  });
});

afterEach(async () => {
  view.close();
  await broker.close();
});

/** As a follower gets it: the broker answers when the group's other members have come. */
const joined = (): Buffer => {
  const to = new BodyWriter().i32(0).i16(0).i32(1).text("test").text("leader").text("follower");
  return to.i32(0).take();
};
const synced = (): Buffer => new BodyWriter().i32(0).i16(0).i32(1).i8(1).take();
const left = (): Buffer => new BodyWriter().i32(0).i16(0).take();

const late = (answer: Buffer): Promise<Answer> =>
  new Promise((resolve) => setTimeout(() => resolve(answer), REQUEST_TIMEOUT_MS * 5));

function memberOf(assigned: () => void): GroupMembership {
  return new GroupMembership(view, {
    groupId: "group",
    protocolType: "test",
    protocol: "test",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 30_000,
    heartbeatMs: 60_000,
    metadata: () => new Uint8Array(0),
    assign: async () => new Map(),
    assigned,
    failed: () => undefined,
  });
}

test("waits for a join and for the leader's plan longer than for other answers", async () => {
  broker.answer = (key) => {
    if (key === JOIN) return late(joined());
    return key === SYNC ? late(synced()) : left();
  };
  const member = await new Promise<GroupMembership>((resolve) => {
    const made = memberOf(() => resolve(made));
    made.start();
  });
  expect(broker.asked).toEqual([JOIN, SYNC]);
  await member.leave();
  expect(broker.asked).toEqual([JOIN, SYNC, LEAVE]);
});

test("leaves at once while a join waits for others", async () => {
  let synchronising = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    synchronising = resolve;
  });
  broker.answer = (key) => {
    if (key === JOIN) return joined();
    if (key === LEAVE) return left();
    synchronising();
    return null;
  };
  const member = memberOf(() => undefined);
  member.start();
  await waiting;
  await member.leave();
  expect(broker.asked).toEqual([JOIN, SYNC, LEAVE]);
});
