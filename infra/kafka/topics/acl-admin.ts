// Grants against those that the cluster has. Promises: what is lacking is made; what our principals
// may do beyond it is shown, and taken away only where that was asked for.

import { setTimeout as pause } from "node:timers/promises";
import type { AclEntry, Admin } from "kafkajs";
import type { Grant, Operation } from "./acl-rules.ts";

/** kafkajs' numbers, which are the protocol's. */
const ANY = 1;
const ALLOW = 3;
const types = { topic: 2, group: 3, "transactional-id": 5 } as const;
const patterns = { literal: 3, prefixed: 4 } as const;
const operations = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const;
const operationNames = [
  ..."? Any All Read Write Create Delete Alter Describe ClusterAction".split(" "),
  ..."DescribeConfigs AlterConfigs IdempotentWrite".split(" "),
];
const typeNames = "? any topic group cluster transactional-id delegation-token".split(" ");
const patternNames = "? any match literal prefixed".split(" ");

/** One operation on one resource. */
export interface AclLine {
  readonly principal: string;
  readonly operation: string;
  readonly type: string;
  readonly name: string;
  readonly pattern: string;
}

export interface AclDifference {
  readonly missing: readonly AclEntry[];
  /** What principals of ours, or all users, may do beyond what they need. */
  readonly extra: readonly AclEntry[];
  readonly present: number;
}

/** Compares with what the cluster has. Needs Describe on the cluster. */
export async function compareAcls(admin: Admin, grants: readonly Grant[]): Promise<AclDifference> {
  const { resources } = await admin.describeAcls({
    resourceType: ANY,
    resourcePatternType: ANY,
    operation: ANY,
    permissionType: ANY,
  });
  const found = resources.flatMap(({ acls, ...resource }): AclEntry[] =>
    acls.map((acl) => ({ ...resource, ...acl })),
  );
  const wanted = grants.flatMap(entriesOf);
  const keys = new Set(wanted.map(keyOf));
  const there = new Set(found.map(keyOf));
  const principals = new Set(wanted.map(({ principal }) => principal));
  return {
    missing: wanted.filter((entry) => !there.has(keyOf(entry))),
    extra: found.filter(
      (entry) =>
        entry.permissionType === ALLOW &&
        (principals.has(entry.principal) || entry.principal === "User:*") &&
        !keys.has(keyOf(entry)),
    ),
    present: wanted.filter((entry) => there.has(keyOf(entry))).length,
  };
}

const SEEN_ATTEMPTS = 100;
const SEEN_PAUSE_MS = 50;

/**
 * Resolves when the broker that was asked lists them: the controller answers before brokers have heard,
 * and until then they still refuse. Gives up waiting, without an error, after some seconds.
 */
export async function grantAcls(admin: Admin, missing: readonly AclEntry[]): Promise<void> {
  if (missing.length === 0) return;
  await admin.createAcls({ acl: [...missing] });
  const wanted = new Set(missing.map(keyOf));
  for (let attempt = 0; attempt < SEEN_ATTEMPTS; attempt++) {
    const { resources } = await admin.describeAcls({
      resourceType: ANY,
      resourcePatternType: ANY,
      operation: ANY,
      permissionType: ANY,
    });
    const seen = resources.flatMap(({ acls, ...resource }) =>
      acls.filter((acl) => wanted.has(keyOf({ ...resource, ...acl }))),
    );
    if (seen.length >= wanted.size) return;
    await pause(SEEN_PAUSE_MS);
  }
}

/** Those of `User:*` are not ours to take: they stay. */
export async function revokeAcls(admin: Admin, extra: readonly AclEntry[]): Promise<void> {
  const filters = extra
    .filter(({ principal }) => principal !== "User:*")
    .map((entry) => ({ ...entry }));
  if (filters.length > 0) await admin.deleteAcls({ filters });
}

export const lineOf = (entry: AclEntry): AclLine => ({
  principal: entry.principal,
  operation: operationNames[entry.operation] ?? String(entry.operation),
  type: typeNames[entry.resourceType] ?? String(entry.resourceType),
  name: entry.resourceName,
  pattern: patternNames[entry.resourcePatternType] ?? String(entry.resourcePatternType),
});

function entriesOf({ principal, resource, operations: allowed }: Grant): readonly AclEntry[] {
  return allowed.map((operation: Operation) => ({
    principal,
    host: "*",
    permissionType: ALLOW,
    operation: operations[operation],
    resourceType: types[resource.type],
    resourceName: resource.name,
    resourcePatternType: patterns[resource.pattern],
  }));
}

const keyOf = (entry: AclEntry): string =>
  JSON.stringify([
    entry.principal,
    entry.host,
    entry.permissionType,
    entry.operation,
    entry.resourceType,
    entry.resourceName,
    entry.resourcePatternType,
  ]);
