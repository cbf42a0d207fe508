/** What the watch is told and what it answers: moments, steps, refusals. */
import type { Alert, DeviceRecord, Transition } from './device.ts';
import type { IncidentNews, IncidentRecord } from './incident.ts';

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
  /** Opened, or resolved (`resolvedMs` set), and to be told. */
  readonly alerts: readonly Alert[];
  /** The same, to be recorded alone, after `alerts`: their incident is told. */
  readonly quietAlerts: readonly Alert[];
  /** Incidents that changed, as they are now. */
  readonly incidents: readonly IncidentRecord[];
  /** What is to be told of incidents, in order. */
  readonly incidentNews: readonly IncidentNews[];
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
  quietAlerts: Object.freeze([]),
  incidents: Object.freeze([]),
  incidentNews: Object.freeze([]),
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
  readonly quietAlerts: Alert[] = [];
  /** By id. */
  readonly incidents = new Map<string, IncidentRecord>();
  readonly incidentNews: IncidentNews[] = [];
  readonly asks: string[] = [];

  finish(): Step {
    if (this.saves.length + this.incidents.size === 0) return NOTHING;
    const { transitions, saves, alerts, quietAlerts, incidentNews, asks } = this;
    const incidents = [...this.incidents.values()];
    return { transitions, saves, alerts, quietAlerts, incidents, incidentNews, asks, refusal: null };
  }
}
