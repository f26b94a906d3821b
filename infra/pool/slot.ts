// A place for a device in the pool: opens it, tests it, replaces it after a failure, and shuts the place for good
// when there is no use in another try. Promises: a device that is not admitted is never handed out, and no
// device outlives its turn.

import { newSlotGauges, type SlotGauges } from "../telemetry/pool-metrics.ts";
import { refusal } from "./admission.ts";
import type { Clock } from "./clock.ts";
import type { Device, DeviceDriver } from "./device.ts";
import type { Work, WorkKind } from "./work.ts";

/** Tries in a row, and how long the first pause between them is; each is twice the one before. */
const TRIES = 3;
const PAUSE_MS = 50;

/** A failure that another device did not share is the device's own: so many in a row put it out. */
const STRIKES = 3;

export interface SlotWatch {
  readonly clock: Clock;
  /** Opening and admission together. */
  readonly openMs: number;
  /** A device is there, or never will be again. */
  changed(slot: Slot): void;
  incident(text: string): void;
}

export class Slot {
  readonly driver: DeviceDriver;
  readonly gauges: SlotGauges;
  state: "OPENING" | "READY" | "BUSY" | "OUT" = "OPENING";
  device: Device | null = null;
  /** Of its devices; null: the pool's own models, or it was never open. */
  inference: string | null = null;
  private readonly watch: SlotWatch;
  private strikes = 0;
  private callOff: () => void = () => {};
  /** Grows with each device: an answer that comes for an earlier one is nobody's. */
  private turn = 0;
  private readonly closing = new Set<Promise<void>>();

  constructor(driver: DeviceDriver, watch: SlotWatch) {
    this.driver = driver;
    this.watch = watch;
    this.gauges = newSlotGauges(driver.kind);
    this.open(TRIES);
  }

  get name(): string {
    return this.driver.name;
  }

  /** Whether it does such work, now or, as far as is known, once it is open. */
  mayAccept(work: Work): boolean {
    return this.state !== "OUT" && (this.device?.accepts(work) ?? true);
  }

  isExact(kind: WorkKind): boolean {
    return this.device === null ? this.driver.kind === "cpu" : this.device.tolerance(kind) === 0;
  }

  /** The device ended, or must: another takes its place. */
  replace(reason: string, detail: string): void {
    if (this.state === "OUT") return;
    this.gauges.failures.set(reason, (this.gauges.failures.get(reason) ?? 0) + 1);
    this.watch.incident(`${this.name} is replaced: ${detail}`);
    this.drop();
    this.open(TRIES);
  }

  /** For good. */
  shut(reason: string): void {
    if (this.state === "OUT") return;
    this.drop();
    this.state = "OUT";
    this.gauges.quarantined = reason;
    this.watch.incident(`${this.name} is out: ${reason}`);
    this.watch.changed(this);
  }

  answered(): void {
    this.strikes = 0;
    this.gauges.answered++;
  }

  /** What failed here was answered elsewhere. */
  strike(): void {
    this.strikes++;
    if (this.strikes >= STRIKES) {
      this.shut(`${STRIKES} requests in a row that failed on it were answered elsewhere`);
    }
  }

  async close(): Promise<void> {
    this.drop();
    this.state = "OUT";
    await Promise.all(this.closing);
  }

  private drop(): void {
    this.turn++;
    this.callOff();
    this.gauges.ready = 0;
    if (this.device !== null) this.end(this.device);
    this.device = null;
  }

  private end(device: Device): void {
    const closed = device.close().finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  private open(tries: number): void {
    this.state = "OPENING";
    const turn = this.turn;
    const { clock, openMs } = this.watch;
    let opened: Device | null = null;
    const giveUp = clock.after(openMs, () => {
      if (turn !== this.turn) return;
      this.turn++;
      if (opened !== null) this.end(opened);
      this.shut(`it was not open and tested within ${openMs} ms`);
    });
    this.callOff = giveUp;
    const attempt = async (): Promise<string | null> => {
      opened = await this.driver.open();
      if (turn !== this.turn) {
        this.end(opened);
        return null;
      }
      return await refusal(opened);
    };
    attempt().then(
      (refused) => {
        giveUp();
        if (turn !== this.turn || opened === null) return;
        if (refused === null) this.admit(opened);
        else this.refuse(opened, refused);
      },
      (error) => {
        giveUp();
        if (turn !== this.turn) return;
        if (opened !== null) this.end(opened);
        this.again(tries - 1, String(error?.message ?? error));
      },
    );
  }

  private admit(device: Device): void {
    this.device = device;
    this.inference = device.inference ?? null;
    this.state = "READY";
    this.gauges.ready = 1;
    this.watch.changed(this);
  }

  private refuse(device: Device, reason: string): void {
    this.end(device);
    this.shut(reason);
  }

  private again(tries: number, reason: string): void {
    if (tries <= 0) {
      this.shut(reason);
      return;
    }
    this.watch.incident(`${this.name} did not open: ${reason}`);
    const turn = this.turn;
    this.callOff = this.watch.clock.after(PAUSE_MS * 2 ** (TRIES - 1 - tries), () => {
      if (turn === this.turn) this.open(tries);
    });
  }
}
