// Membership of a group on a real broker: what a member may rely on when it asks whether it still is one.

import { afterEach, beforeEach, expect, test } from "vitest";
import { describeKafka, freshPrefix } from "../../broker/testing.ts";
import { ClusterView } from "./cluster-view.ts";
import { GroupMembership } from "./group-membership.ts";
import { leaveGroup } from "./group-requests.ts";
import { COORDINATES_GROUPS } from "./requests.ts";

describeKafka("membership of a group", ({ brokers }) => {
  let view: ClusterView;
  let groupId: string;
  let member: GroupMembership;
  let assigned: { readonly generation: number; readonly memberId: string }[];

  beforeEach(async () => {
    view = new ClusterView({ brokers: [...brokers], clientId: "test" });
    await view.connect();
    groupId = `${freshPrefix()}group`;
    assigned = [];
    const told = new Promise<void>((resolve, reject) => {
      member = new GroupMembership(view, {
        groupId,
        protocolType: "test",
        protocol: "test",
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        // Nothing but a question sends a heartbeat while a test lasts.
        heartbeatMs: 60_000,
        metadata: () => new Uint8Array(0),
        assign: async (members) => new Map(members.map(({ id }) => [id, new Uint8Array([1])])),
        assigned: (_, generation, memberId) => {
          assigned.push({ generation, memberId });
          resolve();
        },
        failed: reject,
      });
    });
    member.start();
    await told;
  });

  afterEach(async () => {
    await member.leave();
    view.close();
  });

  test("is confirmed at once while it stands, to each who asks", async () => {
    await Promise.all([member.confirm(), member.confirm()]);
    await member.confirm();
    expect(assigned.length).toBe(1);
  });

  test("that was lost is confirmed when it was given anew, and not before", async () => {
    const [first] = assigned;
    const membership = { groupId, generation: 0, memberId: "", ...first };
    const { host, port } = await view.coordinator(COORDINATES_GROUPS, groupId);
    await view.links.use({ host, port }, (link) => link.send(leaveGroup(membership)));
    await member.confirm();
    expect(assigned.length).toBe(2);
    expect(assigned[1]?.memberId).not.toBe(first?.memberId);
  });
});
