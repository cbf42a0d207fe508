/**
 * One of many monitors of a fleet. It listens with the others, writes what it hears into the shared store, and for
 * the partitions whose turn it has, judges and delivers. Two cadences: writes, and ticks of the partitions' time.
 */
import type { Probe } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { DoubtReason } from '../policy/attentive-clock.ts';
import type { Now } from '../policy/step.ts';
import type { PartitionWorker } from './partition-worker.ts';
import { isPreferred, partitionOf } from './policy/partitions.ts';
import { ISOLATED_SHARE, isIsolated, type PartitionTrust, sharedDoubts } from './policy/self-trust.ts';

/** How long a probe waits for others to be written with it. */
const WRITE_EVERY_MS = 50;
/** How often time moves, and with it how late a death is noticed. */
const TICK_EVERY_MS = 250;
/** A turn that nobody wants for so long is anybody's. */
const FREE_TURN_MS = 1000;

/** How long a stop waits for the store to take what was heard. */
const DRAIN_MS = 1500;
const DRAIN_STEP_MS = 20;

/** The connection to the broker, which the monitor opens and gives up. */
export interface Hearing {
  start(): void;
  /** Resolves when the connection is closed. */
  stop(): Promise<void>;
  ping(): void;
}

export interface SharedMonitorParts {
  readonly workers: readonly PartitionWorker[];
  /** This replica's name: the same after a restart. */
  readonly replica: string;
  /** Different after each start. */
  readonly incarnation: string;
  readonly ear: Hearing;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** After each answered tick of a partition; `hasTurn`: this replica judges and delivers for it. */
  readonly onTick: (partition: number, hasTurn: boolean) => void;
  /** After each round over all partitions, answered or not. */
  readonly onRound?: (now: Now) => void;
}

export class SharedMonitor {
  readonly #parts: SharedMonitorParts;
  #session: string | null = null;
  #sessions = 0;
  /** Monotonic ms up to which the broker has sent everything. */
  #heardToMs = 0;
  #pingSentMs: number | null = null;
  #isListening = false;
  #doubts: readonly DoubtReason[] = [];
  #doubtSinceMs: number | null = null;
  #doubtMs = 0;
  readonly #turnFreeSince: (number | null)[];
  #cancelWrites: () => void = () => {};
  #cancelTicks: () => void = () => {};
  #isStopped = false;

  constructor(parts: SharedMonitorParts) {
    this.#parts = parts;
    this.#turnFreeSince = parts.workers.map(() => null);
  }

  /** Begins to take part: first the store, then, once it answers, the broker. */
  start(): void {
    this.#writeLoop();
    this.#tickLoop();
  }

  get doubts(): readonly DoubtReason[] {
    return this.#doubts;
  }

  /** How long it has been in doubt since the start, in ms. */
  doubtMs(): number {
    const sinceMs = this.#doubtSinceMs;
    return this.#doubtMs + (sinceMs === null ? 0 : this.#parts.clock.now().monotonicMs - sinceMs);
  }

  linkUp(): void {
    const { clock, replica, incarnation } = this.#parts;
    this.#sessions += 1;
    this.#session = `${replica}/${incarnation}-${this.#sessions}`;
    this.#heardToMs = clock.now().monotonicMs;
    this.#pingSentMs = null;
    this.#tickAll();
  }

  linkLost(): void {
    this.#session = null;
    this.#pingSentMs = null;
    this.#review();
  }

  pingAnswered(): void {
    if (this.#pingSentMs === null) return;
    this.#heardToMs = this.#pingSentMs;
    this.#pingSentMs = null;
  }

  probeHeard(device: string, probe: Probe): void {
    const { monotonicMs } = this.#parts.clock.now();
    this.#workerOf(device).probeHeard(device, probe.promisedSeconds, probe.vitals, monotonicMs);
  }

  statusHeard(device: string, status: Status, retained: boolean): void {
    const { monotonicMs, wallMs } = this.#parts.clock.now();
    this.#workerOf(device).statusHeard(device, status, retained, monotonicMs, wallMs);
  }

  /** Gives up its place: leaves the broker, writes what it heard, tells the others not to wait. */
  async stop(): Promise<void> {
    const { ear, workers } = this.#parts;
    this.#isStopped = true;
    this.#cancelTicks();
    await ear.stop();
    const session = this.#session;
    this.#session = null;
    this.#cancelWrites();
    await this.#drain();
    if (session !== null) await Promise.allSettled(workers.map((worker) => worker.leave(session)));
  }

  /** Writes until all is written, or the store has had its time: what stays, others hear anew or count as silence. */
  async #drain(): Promise<void> {
    const { workers, clock, log } = this.#parts;
    const untilMs = clock.now().monotonicMs + DRAIN_MS;
    const unwritten = (): readonly PartitionWorker[] =>
      workers.filter((worker) => worker.unwrittenMs() !== Number.POSITIVE_INFINITY);
    while (unwritten().length > 0 && clock.now().monotonicMs < untilMs) {
      for (const worker of unwritten()) void worker.flush();
      await new Promise<void>((resolve) => clock.after(DRAIN_STEP_MS, resolve));
    }
    const left = unwritten().reduce((sum, { waiting }) => sum + waiting, 0);
    if (unwritten().length > 0)
      log.write('warn', 'stoppedUnwritten', `the store did not take ${left} of what was heard`, { left });
  }

  #workerOf(device: string): PartitionWorker {
    const { workers } = this.#parts;
    return workers[partitionOf(device, workers.length)] as PartitionWorker;
  }

  #writeLoop(): void {
    for (const worker of this.#parts.workers) void worker.flush();
    if (!this.#isStopped)
      this.#cancelWrites = this.#parts.clock.after(WRITE_EVERY_MS, () => this.#writeLoop());
  }

  #tickLoop(): void {
    if (this.#isStopped) return;
    this.#ping();
    this.#tickAll();
    this.#review();
    this.#parts.onRound?.(this.#parts.clock.now());
    this.#cancelTicks = this.#parts.clock.after(TICK_EVERY_MS, () => this.#tickLoop());
  }

  /** The broker's answer proves that what it sent before has arrived: only for that a replica vouches. */
  #ping(): void {
    const { ear, clock, leaseMs, log } = this.#parts;
    if (this.#session === null) return;
    const nowMs = clock.now().monotonicMs;
    if (this.#pingSentMs === null) {
      this.#pingSentMs = nowMs;
      ear.ping();
    } else if (nowMs - this.#pingSentMs > leaseMs * ISOLATED_SHARE) {
      log.write('warn', 'pingUnanswered', 'the broker does not answer; connecting anew');
      this.#leaveBroker();
    }
  }

  /** What is sent to it from now on reaches the others. */
  #leaveBroker(): void {
    this.#isListening = false;
    this.#session = null;
    this.#pingSentMs = null;
    void this.#parts.ear.stop();
  }

  #tickAll(): void {
    for (const [partition, worker] of this.#parts.workers.entries()) {
      worker
        .tick({
          session: this.#session,
          heardToMs: this.#heardToMs,
          wantsTurn: this.#wantsTurn(partition, worker),
        })
        .then(
          () => this.#ticked(partition, worker),
          () => {},
        );
    }
  }

  #ticked(partition: number, worker: PartitionWorker): void {
    if (this.#isStopped) return;
    const isFree = worker.reply?.turn === '';
    if (!isFree) this.#turnFreeSince[partition] = null;
    else this.#turnFreeSince[partition] ??= this.#parts.clock.now().monotonicMs;
    const hasTurn = this.#session !== null && worker.reply?.turn === this.#session;
    if (hasTurn) void worker.judge();
    this.#parts.onTick(partition, hasTurn);
  }

  #wantsTurn(partition: number, worker: PartitionWorker): boolean {
    const { replica, clock } = this.#parts;
    const { reply } = worker;
    if (this.#session === null || reply === null) return false;
    const replicas = reply.members.map((member) => member.slice(0, member.lastIndexOf('/')));
    if (isPreferred(partition, replica, replicas)) return true;
    const freeSince = this.#turnFreeSince[partition] ?? null;
    return freeSince !== null && clock.now().monotonicMs - freeSince > FREE_TURN_MS;
  }

  /** Names the doubts, opens and closes the ear. */
  #review(): void {
    const { workers, clock, log, leaseMs, ear } = this.#parts;
    const nowMs = clock.now().monotonicMs;
    const session = this.#session;
    const trusts: PartitionTrust[] = workers.map(({ reply, clock: { answeredMs } }) => ({
      answeredMs: reply === null ? null : answeredMs,
      lagMs: reply?.lagMs ?? 0,
      isMember: session !== null && reply?.members.includes(session) === true,
    }));
    const doubts = sharedDoubts(session !== null, trusts, nowMs);
    for (const reason of doubts) {
      if (!this.#doubts.includes(reason))
        log.write('warn', 'doubtBegan', `nobody is declared dead: ${reason}`, { reason, doubts });
    }
    for (const reason of this.#doubts) {
      if (!doubts.includes(reason))
        log.write('info', 'doubtEnded', `well again: ${reason}`, { reason, doubts });
    }
    if (doubts.length === 0) {
      this.#doubtMs = this.doubtMs();
      this.#doubtSinceMs = null;
    } else this.#doubtSinceMs ??= nowMs;
    this.#doubts = doubts;
    const isolated = isIsolated(trusts, nowMs, leaseMs);
    if (this.#isListening && isolated) {
      log.write('warn', 'leftBroker', 'the store has been away for so long that others must hear the fleet');
      this.#leaveBroker();
    } else if (!this.#isListening && !doubts.includes('store-failing')) {
      this.#isListening = true;
      ear.start();
    }
  }
}
