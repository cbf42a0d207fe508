/** What the watch is told and what it answers: moments, steps, refusals. */
import type { Alert, DeviceRecord, Transition } from './device.ts';

/** One moment on both clocks. Elapsed time is taken from the monotonic one, dates from the other. */
export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export type WatchRefusal = 'stale-epoch' | 'too-many-devices';

/** What one event led to. Everything in it belongs in one commit, before anything is delivered. */
export interface Step {
  readonly transitions: readonly Transition[];
  /** Records whose durable facts changed, those of the transitions included; one per device. */
  readonly saves: readonly DeviceRecord[];
  /** Opened, or resolved (`resolvedMs` set). */
  readonly alerts: readonly Alert[];
  /** Devices to be asked for a probe now. */
  readonly asks: readonly string[];
  /** Why the event was not taken in; it is counted. */
  readonly refusal: WatchRefusal | null;
}

/** Shared by every event that leads to nothing: a probe must not cost garbage. */
export const NOTHING: Step = Object.freeze({
  transitions: Object.freeze([]),
  saves: Object.freeze([]),
  alerts: Object.freeze([]),
  asks: Object.freeze([]),
  refusal: null,
});

const REFUSED: Readonly<Record<WatchRefusal, Step>> = {
  'stale-epoch': Object.freeze({ ...NOTHING, refusal: 'stale-epoch' }),
  'too-many-devices': Object.freeze({ ...NOTHING, refusal: 'too-many-devices' }),
};

export function refusedStep(refusal: WatchRefusal): Step {
  return REFUSED[refusal];
}

/** A step that is still being worked out. */
export class StepDraft {
  readonly transitions: Transition[] = [];
  readonly saves: DeviceRecord[] = [];
  readonly alerts: Alert[] = [];
  readonly asks: string[] = [];

  finish(): Step {
    if (this.saves.length === 0) return NOTHING;
    const { transitions, saves, alerts, asks } = this;
    return { transitions, saves, alerts, asks, refusal: null };
  }
}
