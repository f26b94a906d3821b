// Requests of Kafka's classic group protocol as bytes, and their answers as plain data. Promises as
// requests.ts. KIP-848's new protocol assigns partitions, not tasks, and knows no user data.
// Source: https://kafka.apache.org/protocol

import { BodyReader, BodyWriter } from "./body.ts";
import type { Request } from "./requests.ts";

const api = {
  joinGroup: { key: 11, name: "JoinGroup", version: 5 },
  heartbeat: { key: 12, name: "Heartbeat", version: 3 },
  leaveGroup: { key: 13, name: "LeaveGroup", version: 3 },
  syncGroup: { key: 14, name: "SyncGroup", version: 3 },
} as const;

export interface GroupProtocol {
  readonly groupId: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export interface JoinAnswer {
  readonly error: number;
  readonly generation: number;
  readonly leader: string;
  readonly memberId: string;
  /** The leader's answer only. */
  readonly members: readonly { readonly id: string; readonly metadata: Buffer }[];
}

export function joinGroup(
  group: GroupProtocol,
  memberId: string,
  metadata: Uint8Array,
): Request<JoinAnswer> {
  const body = new BodyWriter().text(group.groupId).i32(group.sessionTimeoutMs);
  body.i32(group.rebalanceTimeoutMs).text(memberId).text(null).text(group.protocolType);
  body.i32(1).text(group.protocol).i32(metadata.length);
  return {
    api: api.joinGroup,
    body: [body.take(), metadata],
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      const error = from.i16();
      const generation = from.i32();
      from.text();
      const leader = from.text() ?? "";
      const own = from.text() ?? "";
      const members = from.list(() => {
        const id = from.text() ?? "";
        from.text();
        return { id, metadata: from.blob() };
      });
      return { error, generation, leader, memberId: own, members };
    },
  };
}

/** Where a member stands: its id and the generation that it joined. */
export interface Membership {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
}

export function syncGroup(
  { groupId, generation, memberId }: Membership,
  assignments: ReadonlyMap<string, Uint8Array>,
): Request<{ readonly error: number; readonly assignment: Buffer }> {
  const body = new BodyWriter().text(groupId).i32(generation).text(memberId).text(null);
  body.i32(assignments.size);
  const pieces: Uint8Array[] = [];
  for (const [id, assignment] of assignments) {
    pieces.push(body.text(id).i32(assignment.length).take(), assignment);
  }
  if (assignments.size === 0) pieces.push(body.take());
  return {
    api: api.syncGroup,
    body: pieces,
    decode(payload) {
      const from = new BodyReader(payload);
      from.i32();
      return { error: from.i16(), assignment: from.blob() };
    },
  };
}

export function heartbeat(of: Membership): Request<{ readonly error: number }> {
  const body = new BodyWriter().text(of.groupId).i32(of.generation).text(of.memberId).text(null);
  return { api: api.heartbeat, body: [body.take()], decode: errorOf };
}

export function leaveGroup({ groupId, memberId }: Membership): Request<{ readonly error: number }> {
  const body = new BodyWriter().text(groupId).i32(1).text(memberId).text(null);
  return { api: api.leaveGroup, body: [body.take()], decode: errorOf };
}

function errorOf(payload: Buffer): { readonly error: number } {
  const from = new BodyReader(payload);
  from.i32();
  return { error: from.i16() };
}
