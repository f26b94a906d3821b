// Membership of a consumer group, without the consuming. Promises: heartbeats go on whatever the
// tasks do, for as long as the event loop turns; a rebalance is answered at once, since nothing has
// to stop for it: a task's next owner fences the last one (KafkaLog.openTask), so the group only
// says who should own what; whoever was given up by the group joins again as a new member.

import type { TapedeckError } from "../../../schemas/errors.ts";
import { type ClusterView, pauseMs } from "./cluster-view.ts";
import { errorName, kafkaError, LinkFailure, mayRetry, Refused, refuse } from "./failures.ts";
import {
  type GroupProtocol,
  heartbeat,
  joinGroup,
  leaveGroup,
  type Membership,
  syncGroup,
} from "./group-requests.ts";
import { Links } from "./links.ts";
import { COORDINATES_GROUPS, type Request } from "./requests.ts";

export interface GroupMember {
  readonly id: string;
  readonly metadata: Uint8Array;
}

export interface GroupSettings extends GroupProtocol {
  readonly heartbeatMs: number;
  /** What this member tells the leader; asked for at each join. */
  readonly metadata: () => Uint8Array;
  /** Asked of the leader: each member's assignment. What it throws ends the leader's membership. */
  readonly assign: (members: readonly GroupMember[]) => Promise<ReadonlyMap<string, Uint8Array>>;
  /** A new generation has begun. */
  readonly assigned: (assignment: Uint8Array, generation: number, memberId: string) => void;
  /** Membership ended by a failure that joining again does not mend. */
  readonly failed: (error: TapedeckError) => void;
}

export class GroupMembership {
  private readonly view: ClusterView;
  private readonly settings: GroupSettings;
  private readonly links: Links;
  private memberId = "";
  private generation = -1;
  private stopped = false;
  private wake: (() => void) | null = null;
  /** Who waits to hear that the membership stands. */
  private asking: (() => void)[] = [];
  private running: Promise<void> = Promise.resolve();

  constructor(view: ClusterView, settings: GroupSettings) {
    this.view = view;
    this.settings = settings;
    // A join waits for the other members: it must not wait in front of anything of ours.
    this.links = new Links(view.settings);
  }

  start(): void {
    this.running = this.run();
  }

  /** Tells the group, so that others take over at once; a group that does not answer is left anyway. */
  async leave(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.wake?.();
    if (this.memberId !== "") {
      // Behind a join that waits for others the broker would read it only after the join.
      await this.send(leaveGroup(this.membership), 0, "leave").catch(() => undefined);
    }
    this.links.close();
    await this.running;
  }

  /**
   * Resolves when the group has said, after this call, that the membership stands, or has assigned anew
   * (`assigned` was called then). Never, while the group does not answer.
   */
  confirm(): Promise<void> {
    return new Promise((resolve) => {
      this.asking.push(resolve);
      this.wake?.();
    });
  }

  private get membership(): Membership {
    const { groupId } = this.settings;
    return { groupId, generation: this.generation, memberId: this.memberId };
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      try {
        await this.join();
        failures = 0;
        await this.beat();
      } catch (failure) {
        if (this.stopped) return;
        if (!this.recover(failure)) {
          this.stopped = true;
          this.links.close();
          this.settings.failed(kafkaError(failure, `be a member of ${this.settings.groupId}`));
          return;
        }
        await this.pause(pauseMs(failures++));
      }
    }
  }

  private async join(): Promise<void> {
    const { settings } = this;
    // Both wait for the slowest member: with a time-out of ours alone they would be cut and begun anew.
    const waitMs = settings.rebalanceTimeoutMs;
    const asked = this.asking.length;
    for (;;) {
      const request = joinGroup(settings, this.memberId, settings.metadata());
      const answer = await this.send(request, waitMs);
      if (errorName(answer.error) === "MEMBER_ID_REQUIRED") {
        this.memberId = answer.memberId;
        continue;
      }
      refuse(answer.error, "JoinGroup");
      this.memberId = answer.memberId;
      this.generation = answer.generation;
      const leads = answer.leader === answer.memberId;
      const plan = leads ? await settings.assign(answer.members) : new Map<string, Uint8Array>();
      const synced = await this.send(syncGroup(this.membership, plan), waitMs);
      refuse(synced.error, "SyncGroup");
      if (!this.stopped) settings.assigned(synced.assignment, this.generation, this.memberId);
      this.confirmed(asked);
      return;
    }
  }

  /** Returns when the group rebalances. */
  private async beat(): Promise<void> {
    while (!this.stopped) {
      if (this.asking.length === 0) await this.pause(this.settings.heartbeatMs);
      if (this.stopped) return;
      const asked = this.asking.length;
      const { error } = await this.send(heartbeat(this.membership));
      if (errorName(error) === "REBALANCE_IN_PROGRESS") return;
      refuse(error, "Heartbeat");
      this.confirmed(asked);
    }
  }

  /** To those who had asked before the group was. */
  private confirmed(asked: number): void {
    for (const tell of this.asking.splice(0, asked)) tell();
  }

  /** Prepares another join; false where that would not help. */
  private recover(failure: unknown): boolean {
    if (failure instanceof LinkFailure) {
      this.view.forgetCoordinator(COORDINATES_GROUPS, this.settings.groupId);
      return true;
    }
    if (!(failure instanceof Refused)) return false;
    if (failure.type === "UNKNOWN_MEMBER_ID" || failure.type === "FENCED_INSTANCE_ID") {
      this.memberId = "";
      return true;
    }
    if (failure.type === "ILLEGAL_GENERATION" || failure.type === "REBALANCE_IN_PROGRESS") {
      return true;
    }
    if (failure.failure === "coordinator") {
      this.view.forgetCoordinator(COORDINATES_GROUPS, this.settings.groupId);
    }
    return mayRetry(failure);
  }

  /** `waitMs`: how long the broker may wait for others before it answers. */
  private async send<Answer>(
    request: Request<Answer>,
    waitMs = 0,
    lane = "group",
  ): Promise<Answer> {
    const node = await this.view.coordinator(COORDINATES_GROUPS, this.settings.groupId);
    const link = await this.links.get({ host: node.host, port: node.port }, lane);
    return link.send(request, waitMs);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.wake = done;
    });
  }
}
