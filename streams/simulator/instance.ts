// One process that serves one group of tasks, on a virtual clock and among faults. Promises: every step (open,
// read, admit, commit, acknowledge) is an action of its own, so that a crash, a stop or another
// process's step can fall between any two; what a process knew is lost with it.

import { TapedeckError } from "../../schemas/errors.ts";
import type { AnyEvent } from "../event.ts";
import { type GroupOptions, GroupTask } from "../group-task.ts";
import type { RecordBatch } from "../log.ts";
import type { GroupPlan } from "../task-groups.ts";
import { reopened } from "./defects.ts";
import { drawDelay, type Link } from "./network.ts";
import type { World } from "./world.ts";

type Phase = "open" | "read" | "admit" | "commit" | "acknowledge" | "asleep" | "dead";

/** The place of a group's task: one process should serve it, two do where the first was declared dead. */
export class Seat {
  readonly plan: GroupPlan;
  readonly options: GroupOptions;
  readonly stepUs: number;
  readonly eventsPerTransaction: number;
  links: readonly Link[] = [];
  owner: Instance | null = null;
  readonly outlived: Instance[] = [];
  hearsLag = false;

  constructor(
    plan: GroupPlan,
    options: GroupOptions,
    stepUs: number,
    eventsPerTransaction: number,
  ) {
    this.plan = plan;
    this.options = options;
    this.stepUs = stepUs;
    this.eventsPerTransaction = eventsPerTransaction;
  }

  wake(atUs: number): void {
    this.owner?.wake(atUs);
    for (const instance of this.outlived) instance.wake(atUs);
  }
}

export class Instance {
  readonly seat: Seat;
  private readonly world: World;
  private task: GroupTask | null = null;
  private preparing: AnyEvent | null = null;
  private phase: Phase = "open";
  private wakeUs = Number.POSITIVE_INFINITY;
  /** Only the action that was planned last counts. */
  private token = 0;

  constructor(seat: Seat, world: World, startUs: number) {
    this.seat = seat;
    this.world = world;
    this.plan(startUs);
  }

  private get outlived(): boolean {
    return this.seat.owner !== this;
  }

  wake(atUs: number): void {
    if (this.phase === "asleep" && atUs < this.wakeUs) this.plan(atUs);
  }

  private plan(atUs: number): void {
    const token = ++this.token;
    this.wakeUs = atUs;
    this.world.agenda.plan(atUs, () => {
      if (token === this.token && this.phase !== "dead") return this.step();
    });
  }

  /** Goes on with `phase` after the time that a step takes, if nothing happens in between. */
  private proceed(phase: Phase): void {
    const { world, seat } = this;
    const { random, faults, agenda } = world;
    this.phase = phase;
    if (faults.crash > 0 && random.uniform() < faults.crash) {
      this.fail("crashed");
      return;
    }
    let pauseUs = 1 + random.integer(seat.stepUs);
    if (faults.stop > 0 && random.uniform() < faults.stop) {
      pauseUs += random.integer(1 + faults.stopUs);
      world.note("stopped", seat.plan.name, pauseUs);
    }
    this.plan(agenda.nowUs + pauseUs);
  }

  /** The process is gone, or taken for gone: another one takes its place. */
  private fail(how: "crashed" | "refused" | "lost" | "hidden" | "deferred"): void {
    const { world, seat } = this;
    const { random, faults } = world;
    world.note(how, seat.plan.name);
    const survives = how === "crashed" && random.uniform() < faults.zombie;
    if (this.outlived) {
      if (!survives) this.die();
      else this.plan(world.agenda.nowUs + 1 + random.integer(seat.stepUs));
      return;
    }
    if (survives) {
      world.note("outlived", seat.plan.name);
      seat.outlived.push(this);
      this.plan(world.agenda.nowUs + random.integer(2 * faults.restartUs));
    } else this.die();
    const restartUs = world.agenda.nowUs + 1 + random.integer(faults.restartUs);
    seat.owner = new Instance(seat, world, restartUs);
  }

  private die(): void {
    this.phase = "dead";
    this.task = null;
    const at = this.seat.outlived.indexOf(this);
    if (at >= 0) this.seat.outlived.splice(at, 1);
  }

  private async step(): Promise<void> {
    switch (this.phase) {
      case "open":
        return this.open();
      case "asleep":
      case "read":
        return this.read();
      case "admit":
        return this.admit();
      case "commit":
        return this.commit();
      case "acknowledge":
        this.world.note("acknowledged", this.seat.plan.name);
        return this.proceed("read");
    }
  }

  private async open(): Promise<void> {
    const { world, seat } = this;
    const { name } = seat.plan;
    const opened = await world.log.openTask(name);
    world.epochs.set(name, opened.epoch);
    const [earlier = null] = world.committed.get(name) ?? [];
    world.note(opened.epoch === 1 ? "opened" : "restarted", name, opened.epoch);
    world.restarts++;
    const found = reopened(opened, earlier, world.defect);
    this.task = new GroupTask(seat.plan, found, seat.options, {
      redeliveredTwice: world.defect === "redelivered-twice",
      rankIgnored: world.defect === "rank-ignored",
      lateDropped: world.defect === "late-dropped",
      handedTwice: world.defect === "internal-twice",
      internalLost: world.defect === "internal-lost",
    });
    this.proceed("read");
  }

  private async read(): Promise<void> {
    const task = this.task as GroupTask;
    const { world, seat } = this;
    const { random, faults, agenda } = world;
    await this.refill(task);
    for (const [index, link] of seat.links.entries()) {
      const input = task.inputs[index] as GroupTask["inputs"][number];
      if (faults.clog > 0 && random.uniform() < faults.clog) {
        const untilUs = agenda.nowUs + random.integer(1 + faults.clogUs);
        if (link.clog(untilUs)) world.note("clogged", seat.plan.name, index, untilUs);
      }
      const end = link.visibleEnd(agenda.nowUs);
      while (input.wanted < end && !input.full) {
        const batch = await this.fetch(link.input, input.wanted);
        if (batch === null) break;
        if (faults.reorder > 0 && random.uniform() < faults.reorder) {
          await this.deliverEarly(task, link, batch.baseOffset + batch.count, end);
        }
        this.deliver(task, batch);
        world.note("read", seat.plan.name, index, batch.baseOffset, batch.count);
      }
      task.setLag(input.topic, input.partition, this.lagOf(link, input.wanted));
    }
    if (faults.duplicate > 0 && random.uniform() < faults.duplicate) await this.deliverAgain(task);
    this.goOn(task);
  }

  /** What the broker says: nothing, what there is, or only what has reached this process. */
  private lagOf(link: Link, wanted: number): number | null {
    const { random, agenda } = this.world;
    const kind = random.integer(3);
    if (!this.seat.hearsLag || kind === 0) return null;
    return Math.max(0, (kind === 1 ? link.end : link.visibleEnd(agenda.nowUs)) - wanted);
  }

  /** What members had written before this process was started, for those that had not read it. */
  private async refill(task: GroupTask): Promise<void> {
    for (const { topic, partition, from, to } of task.missing) {
      for (let offset = from; offset < to; ) {
        const batch = await this.fetch({ topic, partition }, offset);
        if (batch === null) break;
        this.deliver(task, batch);
        offset = batch.baseOffset + batch.count;
      }
      this.world.note("refilled", this.seat.plan.name, from, to);
    }
  }

  private fetch(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    offset: number,
  ): Promise<RecordBatch | null> {
    return this.world.log.read(topic, partition, offset);
  }

  private deliver(task: GroupTask, batch: RecordBatch): void {
    this.world.anomalies.wasRead(batch);
    task.receive(batch, this.world.agenda.nowUs);
  }

  /** Something that was delivered before comes once more, from an offset in its midst on. */
  private async deliverAgain(task: GroupTask): Promise<void> {
    const { world, seat } = this;
    const index = world.random.integer(seat.links.length);
    const link = seat.links[index] as Link;
    const { wanted } = task.inputs[index] as GroupTask["inputs"][number];
    if (wanted === 0) return;
    const batch = await this.fetch(link.input, world.random.integer(wanted));
    if (batch === null) return;
    world.note("redelivered", seat.plan.name, index, batch.baseOffset, batch.count);
    this.deliver(task, batch);
  }

  /** A batch comes before the one that it follows. */
  private async deliverEarly(task: GroupTask, link: Link, offset: number, end: number) {
    if (offset >= end) return;
    const batch = await this.fetch(link.input, offset);
    if (batch === null) return;
    this.world.note("reordered", this.seat.plan.name, offset);
    this.deliver(task, batch);
  }

  /** What to do next: admit, commit, or sleep until there is something to do. */
  private goOn(task: GroupTask): void {
    const { world, seat } = this;
    const { nowUs } = world.agenda;
    if (task.readyUs <= nowUs && task.admitted < seat.eventsPerTransaction) this.proceed("admit");
    else if (task.admitted > 0) this.proceed("commit");
    else {
      const next = Math.min(task.readyUs, ...seat.links.map((link) => link.nextUs));
      this.phase = "asleep";
      this.wakeUs = Number.POSITIVE_INFINITY;
      this.token++;
      if (next < Number.POSITIVE_INFINITY) this.plan(Math.max(next, nowUs + 1));
    }
  }

  private admit(): void {
    const task = this.task as GroupTask;
    const { world, seat } = this;
    const { nowUs } = world.agenda;
    const room = seat.eventsPerTransaction - task.admitted;
    task.admit(nowUs, 1 + world.random.integer(room));
    world.note("admitted", seat.plan.name, task.admitted);
    this.prepare(task);
    this.goOn(task);
  }

  /** Sometimes sooner, sometimes later than those wait who read what comes of it. */
  private prepare(task: GroupTask): void {
    const { world, seat } = this;
    const { awaited } = task;
    if (awaited === null || awaited === this.preparing) return;
    this.preparing = awaited;
    const { nowUs } = world.agenda;
    const atUs = nowUs + 1 + world.random.integer(2 * seat.options.lagWaitUs);
    world.note("awaited", seat.plan.name);
    world.agenda.plan(atUs, () => {
      if (this.task !== task || task.awaited !== awaited) return;
      task.goOn();
      this.wake(atUs);
    });
  }

  private async commit(): Promise<void> {
    const task = this.task as GroupTask;
    const { world, seat } = this;
    const transaction = task.transaction();
    try {
      const outcome = await world.commit(transaction);
      if (outcome === "acknowledged") this.proceed("acknowledge");
      else this.fail(outcome);
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
      const { code } = error;
      if (code !== "STREAMS_FENCED" && code !== "STREAMS_OFFSET_CONFLICT") throw error;
      world.note("fenced", seat.plan.name);
      if (this.outlived) this.die();
      else if (world.healed && ++world.conflicts > 20) throw error;
      else this.fail("refused");
    }
  }

  /** A time by which it will have been looked at again, whatever it missed. */
  nudge(): void {
    if (this.phase === "asleep")
      this.plan(this.world.agenda.nowUs + drawDelay(this.world.random, 1000));
  }
}
