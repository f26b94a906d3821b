// One group of processors on this instance: membership of its consumer group, and the tasks that the
// group gave it. Promises: it runs what the group's last word gave it and nothing else; a task that it
// keeps is not disturbed when others come and go.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TapedeckError } from "../../../schemas/errors.ts";
import type { GroupPlan } from "../../../streams/task-groups.ts";
import type { Log } from "../../telemetry/logs.ts";
import {
  type GroupGauges,
  groupGauges,
  type ServiceGauges,
} from "../../telemetry/service-gauges.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { GroupMembership } from "../client/group-membership.ts";
import { assignTasks, decodeAssignment, encodeClaims } from "./assigner.ts";
import type { TaskRunner } from "./task-runner.ts";
import { TaskSlot } from "./task-slot.ts";

export interface GroupServiceOptions {
  readonly app: string;
  /** Of all that decides; members of another digest are refused. */
  readonly digest: string;
  /** One for each task, by partition. */
  readonly plans: readonly GroupPlan[];
  readonly connection: KafkaConnection;
  readonly makeRunner: (plan: GroupPlan) => TaskRunner;
  readonly stateDir: string | null;
  readonly sessionTimeoutMs: number;
  readonly log: Log;
  readonly gauges: ServiceGauges;
  /** A task is another instance's from now on. */
  readonly released: (task: string) => void;
  /** What ends this instance. */
  readonly failed: (error: unknown) => void;
}

const PROTOCOL = "tapedeck-tasks";

export class GroupService {
  readonly name: string;
  private readonly options: GroupServiceOptions;
  private readonly membership: GroupMembership;
  private readonly slots = new Map<
    number,
    { readonly slot: TaskSlot<TaskRunner>; readonly since: number }
  >();
  private readonly releasing = new Map<number, Promise<void>>();
  private readonly gauges: GroupGauges;
  private wanted: ReadonlySet<number> = new Set();
  private generation = -1;
  private stopping = false;

  constructor(options: GroupServiceOptions) {
    const { plans, app, connection, sessionTimeoutMs, gauges } = options;
    this.options = options;
    this.name = plans[0]?.group ?? "";
    this.gauges = groupGauges(gauges, this.name);
    this.membership = connection.membership({
      groupId: `${app}.${this.name}`,
      protocolType: "tapedeck",
      protocol: PROTOCOL,
      sessionTimeoutMs,
      rebalanceTimeoutMs: sessionTimeoutMs,
      heartbeatMs: Math.floor(sessionTimeoutMs / 4),
      metadata: () => this.claims(),
      assign: async (members) => assignTasks(plans.length, members),
      assigned: (assignment, generation) => this.assigned(assignment, generation),
      failed: (error: TapedeckError) => options.failed(error),
    });
  }

  start(): void {
    this.membership.start();
  }

  /** Tasks at work. */
  get running(): readonly TaskRunner[] {
    return [...this.slots.values()].flatMap(({ slot }) => slot.running ?? []);
  }

  /** Commits what was begun, then leaves the group, so that others find everything committed. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.slots.values()].map(({ slot }) => slot.release()));
    await Promise.all(this.releasing.values());
    await this.membership.leave();
  }

  private claims(): Uint8Array {
    const { digest, plans, stateDir, app } = this.options;
    const running = [...this.slots].map(([task, { since }]) => ({ task, generation: since }));
    const onDisk = (name: string): boolean =>
      stateDir !== null && existsSync(join(stateDir, app, encodeURIComponent(name)));
    const cached = plans.flatMap(({ name }, task) =>
      !this.slots.has(task) && onDisk(name) ? [{ task, generation: 0 }] : [],
    );
    return encodeClaims({ digest, running, cached });
  }

  private assigned(assignment: Uint8Array, generation: number): void {
    if (this.stopping) return;
    try {
      this.wanted = new Set(decodeAssignment(assignment));
    } catch (error) {
      this.options.failed(error);
      return;
    }
    this.gauges.assigned = true;
    this.gauges.tasks = [...this.wanted].flatMap((task) => this.options.plans[task]?.name ?? []);
    if (this.generation >= 0) this.gauges.rebalances++;
    this.generation = generation;
    const tasks = [...this.wanted].join(", ");
    this.options.log.write("info", "tasks assigned", { group: this.name, generation, tasks });
    for (const task of [...this.slots.keys()]) if (!this.wanted.has(task)) this.release(task);
    for (const task of this.wanted) this.take(task);
  }

  private take(task: number): void {
    // One that is being given up ends first: its cache is one process's at a time.
    if (this.stopping || this.slots.has(task) || this.releasing.has(task)) return;
    const plan = this.options.plans[task];
    if (plan === undefined) return;
    const { makeRunner, log, failed, gauges } = this.options;
    const slot = new TaskSlot(
      () => makeRunner(plan),
      () => this.membership.confirm(),
      log.with({ task: plan.name }),
      failed,
      () => {
        const told = gauges.tasks.get(plan.name);
        if (told !== undefined) told.watchdogTrips++;
      },
    );
    this.slots.set(task, { slot, since: this.generation });
    slot.start();
  }

  private release(task: number): void {
    const held = this.slots.get(task);
    if (held === undefined) return;
    this.slots.delete(task);
    const released = held.slot.release().finally(() => {
      this.options.released(this.options.plans[task]?.name ?? "");
      this.releasing.delete(task);
      // It may have come back meanwhile.
      if (this.wanted.has(task)) this.take(task);
    });
    this.releasing.set(task, released);
  }
}
