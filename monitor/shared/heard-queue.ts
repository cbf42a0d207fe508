/**
 * What was heard of devices that are not simply alive, and every status: judged with a look at each device, and
 * written only if it is still as it was seen; else judged again. In order for each device.
 */
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { PartitionStore } from '../io/stores/redis/partition-store.ts';
import type { Transition } from '../policy/device.ts';
import { afterHearing, type Heard } from './policy/heard.ts';
import { type Judged, judgeHeardProbe, judgeHeardStatus, type Plan } from './policy/judgement.ts';
import type { Owed } from './policy/owed.ts';
import type { Sight } from './policy/sight.ts';

/** Devices in one command: small enough that nobody else waits long for Redis. */
export const SLICE = 500;

export interface WorkerSettings {
  readonly replica: string;
  readonly graceMs: number;
  readonly defaultCount: number;
  readonly leaseMs: number;
  readonly allowanceMaxMs: number;
}

export interface WorkerParts {
  readonly store: PartitionStore;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly owedOf: (plan: Plan) => Owed;
  readonly onTransition: (transition: Transition) => void;
  readonly onRefused: (reason: string) => void;
  readonly ask: (device: string) => void;
}

export class HeardQueue {
  readonly #parts: WorkerParts;
  /** By device, each in the order heard; who waits longest comes first. */
  readonly #waiting = new Map<string, Heard[]>();
  #size = 0;
  /** Oldest of what is being judged just now. */
  #settlingMs = Number.POSITIVE_INFINITY;
  #isSettling = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#size;
  }

  /** However long the store is away, a device has a few things waiting at most: the newer make the older moot. */
  push(heard: Heard): void {
    this.#hold(heard.device, afterHearing(this.#waiting.get(heard.device) ?? [], heard));
  }

  /** Monotonic ms of the oldest thing that is not written; `Infinity`: all is. */
  oldestMs(): number {
    let oldestMs = this.#settlingMs;
    for (const ofDevice of this.#waiting.values()) {
      for (const { at } of ofDevice) if (at.monotonicMs < oldestMs) oldestMs = at.monotonicMs;
    }
    return oldestMs;
  }

  /** Judges and writes, a slice at a time. Never rejects; what the store does not take stays for the next call. */
  async settle(): Promise<void> {
    if (this.#isSettling || this.#size === 0) return;
    this.#isSettling = true;
    try {
      while (this.#size > 0) {
        const slice = this.#takeSlice();
        this.#settlingMs = Math.min(...slice.map(({ at }) => at.monotonicMs));
        const again = await this.#settleSlice(slice).catch((error: unknown) => {
          tellTrouble(this.#parts.log, error);
          return null;
        });
        for (const heard of again ?? slice) {
          // Before what came since, which may make it moot.
          const since = this.#waiting.get(heard.device) ?? [];
          this.#hold(heard.device, since.reduce<readonly Heard[]>(afterHearing, [heard]));
        }
        this.#settlingMs = Number.POSITIVE_INFINITY;
        if (again === null) return;
      }
    } finally {
      this.#isSettling = false;
    }
  }

  /** One event of each device: the next waits for what the first makes of it. */
  #takeSlice(): Heard[] {
    const slice: Heard[] = [];
    for (const [device, [first, ...rest]] of [...takeFirst(this.#waiting, SLICE)]) {
      if (first !== undefined) slice.push(first);
      this.#hold(device, []);
      this.#hold(device, rest);
    }
    return slice;
  }

  #hold(device: string, heard: readonly Heard[]): void {
    this.#size += heard.length - (this.#waiting.get(device)?.length ?? 0);
    if (heard.length === 0) this.#waiting.delete(device);
    else this.#waiting.set(device, [...heard]);
  }

  /** Returns what must be judged again, because the device changed meanwhile. */
  async #settleSlice(slice: readonly Heard[]): Promise<Heard[]> {
    const sights = await this.#parts.store.look(slice.map(({ device }) => device));
    const plans: Plan[] = [];
    const planned: Heard[] = [];
    for (const [at, heard] of slice.entries()) {
      const judged = this.#judge(sights[at] as Sight, heard);
      if (judged.kind === 'plan') {
        plans.push(judged.plan);
        planned.push(heard);
      } else if (judged.reason !== 'unchanged') this.#parts.onRefused(judged.reason);
    }
    const results = (await commitPlans(this.#parts, plans, null)) ?? [];
    return planned.filter((_heard, at) => results[at] !== true);
  }

  #judge(sight: Sight, heard: Heard): Judged {
    const { defaultCount } = this.#parts.settings;
    if (heard.kind === 'status') {
      return judgeHeardStatus(sight, heard.status, heard.retained, heard.at, defaultCount);
    }
    const { promisedSeconds } = heard;
    return judgeHeardProbe(sight, { promisedSeconds, vitals: sight.vitals }, heard.at, defaultCount);
  }
}

function* takeFirst<T>(all: Iterable<T>, limit: number): Generator<T> {
  let taken = 0;
  for (const each of all) {
    if (taken >= limit) return;
    taken += 1;
    yield each;
  }
}

/** Commits and tells what went in; as `PartitionStore.commit`. */
export async function commitPlans(
  { store, owedOf, onTransition, ask }: WorkerParts,
  plans: readonly Plan[],
  generation: number | null,
): Promise<readonly boolean[] | null> {
  if (plans.length === 0) return [];
  const results = await store.commit(plans, owedOf, generation);
  for (const [at, plan] of plans.entries()) {
    if (results?.[at] !== true) continue;
    if (plan.transition !== null) onTransition(plan.transition);
    if (plan.asks) ask(plan.device);
  }
  return results;
}

/** What is tried again by itself. */
export function tellTrouble(log: Log, error: unknown): void {
  log.write('debug', 'sharedStoreTrouble', error instanceof Error ? error.message : String(error));
}
