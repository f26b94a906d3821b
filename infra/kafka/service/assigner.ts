// Which instance of a group gets which of its tasks. A task is a partition of every topic that its group
// reads, so whoever has it has them all. Promises: each task has one owner; owners differ by one task at
// most; no more tasks move than that needs; the answer depends on the members, not on their order; what
// runs is never joined by another version: the newcomer is told so, and gets nothing.
//
// Pure. Members tell the leader what they run, and what their disk still holds of earlier times. What runs
// wins over what is cached, and the later generation over the earlier, so that a member that was away
// cannot take back what others run by now; but it is asked first when their owner is gone.

import { TapedeckError } from "../../../schemas/errors.ts";

/** A task, and the last generation in which the member had it. */
export interface TaskClaim {
  readonly task: number;
  readonly generation: number;
}

export interface MemberClaims {
  /** Of all that decides what is written (live-run.ts). */
  readonly digest: string;
  /** Tasks that it runs now; empty when it has just started. */
  readonly running: readonly TaskClaim[];
  /** Tasks that it does not run but whose state lies on its disk. */
  readonly cached: readonly TaskClaim[];
}

export interface JoiningMember {
  readonly id: string;
  /** From encodeClaims. */
  readonly metadata: Uint8Array;
}

const FORMAT = 1;
const UNREADABLE = "unreadable";

export const encodeClaims = ({ digest, running, cached }: MemberClaims): Uint8Array => {
  const pairs = (claims: readonly TaskClaim[]) =>
    claims.map(({ task, generation }) => [task, generation]);
  return encode({ format: FORMAT, digest, running: pairs(running), cached: pairs(cached) });
};

/** Each member's answer, to be read by decodeAssignment. `tasks`: how many the group has. */
export function assignTasks(
  tasks: number,
  members: readonly JoiningMember[],
): ReadonlyMap<string, Uint8Array> {
  const known = members
    .map(({ id, metadata }) => ({ id, ...decodeClaims(metadata, tasks) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const digest = digestInForce(known);
  const admitted = known.filter((member) => member.digest === digest);
  const shares = share(tasks, admitted);
  return new Map(
    known.map(({ id, digest: own }) => [
      id,
      encode(
        own === digest
          ? { format: FORMAT, tasks: shares.get(id) ?? [] }
          : { format: FORMAT, tasks: [], own, others: othersThan(own, known) },
      ),
    ]),
  );
}

/**
 * The tasks that are this member's, ascending. Throws LIVE_VERSIONS_MIXED where the group refused it.
 */
export function decodeAssignment(bytes: Uint8Array): readonly number[] {
  const answer = decode(bytes);
  if (answer?.format !== FORMAT || !Array.isArray(answer.tasks)) {
    throw mixed("an instance of another version leads the group", {});
  }
  if (answer.own === undefined) return answer.tasks.filter(isCount);
  const [own, others] = [String(answer.own), String(answer.others)];
  throw mixed(`this instance would decide by ${own}, others of its group decide by ${others}`, {
    own,
    others,
  });
}

const mixed = (message: string, facts: Readonly<Record<string, string>>): TapedeckError =>
  new TapedeckError("LIVE_VERSIONS_MIXED", message, facts);

interface Member extends MemberClaims {
  readonly id: string;
}

/** Where some run already, theirs; else everyone's; null where nobody can say which is right. */
function digestInForce(members: readonly Member[]): string | null {
  const newest = Math.max(-1, ...members.flatMap(({ running }) => running.map(generationOf)));
  const deciding = members.filter(
    ({ running }) => newest < 0 || running.some(({ generation }) => generation === newest),
  );
  const digests = new Set(deciding.map(({ digest }) => digest));
  const [only] = digests;
  return digests.size === 1 && only !== undefined && only !== UNREADABLE ? only : null;
}

const generationOf = ({ generation }: TaskClaim): number => generation;

const othersThan = (own: string, members: readonly Member[]): string =>
  [...new Set(members.map(({ digest }) => digest))]
    .filter((digest) => digest !== own)
    .sort()
    .join(", ");

/** Of each member the tasks it gets, ascending. `members` in the order of their ids. */
function share(tasks: number, members: readonly Member[]): ReadonlyMap<string, number[]> {
  if (members.length === 0) return new Map();
  const least = Math.floor(tasks / members.length);
  let larger = tasks % members.length;
  const kept = members.map(({ id }) => ({ id, claims: [] as Won[] }));
  for (const claim of winners(tasks, members)) kept[claim.member]?.claims.push(claim);
  for (const { claims } of kept) claims.sort(byWorth);
  // The larger shares go where they save most: to those who would else give up what is worth most.
  const orderly = kept.toSorted((a, b) => compareNext(a.claims[least], b.claims[least]));
  const shares = new Map<string, { tasks: number[]; size: number }>();
  for (const { id, claims } of orderly) {
    const size = larger-- > 0 ? least + 1 : least;
    shares.set(id, { tasks: claims.slice(0, size).map(({ task }) => task), size });
  }
  const given = new Set([...shares.values()].flatMap((has) => has.tasks));
  const open = [...shares.values()];
  for (let task = 0; task < tasks; task++) {
    if (given.has(task)) continue;
    // Those with most room first, so that tasks that follow each other go to different members.
    open.sort((a, b) => b.size - b.tasks.length - (a.size - a.tasks.length));
    open[0]?.tasks.push(task);
  }
  return new Map([...shares].map(([id, has]) => [id, has.tasks.sort((a, b) => a - b)]));
}

interface Won extends TaskClaim {
  /** Its place among the members. */
  readonly member: number;
  readonly running: boolean;
}

/** Of each task the claim that wins: one that runs before a cache, then the later, then the first member. */
function winners(tasks: number, members: readonly Member[]): readonly Won[] {
  const best: (Won | undefined)[] = Array.from({ length: tasks });
  members.forEach(({ running, cached }, member) => {
    const claims = [
      ...running.map((claim) => ({ ...claim, member, running: true })),
      ...cached.map((claim) => ({ ...claim, member, running: false })),
    ];
    for (const claim of claims) {
      const other = best[claim.task];
      if (other === undefined || weight(claim, other) < 0) best[claim.task] = claim;
    }
  });
  return best.filter((claim) => claim !== undefined);
}

/** Below 0: `a` counts for more. */
const weight = (a: Won, b: Won): number =>
  Number(b.running) - Number(a.running) || b.generation - a.generation;

const byWorth = (a: Won, b: Won): number => weight(a, b) || a.task - b.task;

const compareNext = (a: Won | undefined, b: Won | undefined): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return weight(a, b);
};

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** What cannot be read is of another version: it claims nothing and is refused. */
function decodeClaims(bytes: Uint8Array, tasks: number): MemberClaims {
  const told = decode(bytes);
  if (told?.format !== FORMAT || typeof told.digest !== "string") {
    return { digest: UNREADABLE, running: [], cached: [] };
  }
  const claims = (list: unknown): TaskClaim[] =>
    (Array.isArray(list) ? list : []).flatMap((pair: unknown): TaskClaim[] => {
      const [task, generation] = Array.isArray(pair) ? (pair as unknown[]) : [];
      return isCount(task) && task < tasks && isCount(generation) ? [{ task, generation }] : [];
    });
  return { digest: told.digest, running: claims(told.running), cached: claims(told.cached) };
}

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function decode(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" ? (value as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}
