/**
 * When is the next probe due? Each probe promised when; that promise is kept whatever else happens. Only an
 * idle connection is woken for a probe: while application traffic flows the probe rides along with it, and
 * the promise then stretches to `idle_threshold`, since nothing is sent for the probe's sake before that.
 */
export interface ScheduleConfig {
  /** `idle_threshold` in ms. */
  readonly idleThresholdMs: number;
  /** The longest that may ever be promised: `max_detection` / `keepalive_count`, in ms. */
  readonly longestPromiseMs: number;
}

export interface ScheduleState {
  /** The interval in force, for an idle connection. */
  readonly intervalMs: number;
  /** Silence that path and broker are known to bear; no promise stretches beyond it. Null: any. */
  readonly safeSilenceMs: number | null;
  /** When the last promise was made, and until when the next probe is due; null while there is no link. */
  readonly promisedAt: number | null;
  readonly dueAt: number | null;
  /** Application traffic has flowed since the last promise. */
  readonly active: boolean;
}

export type ScheduleEvent =
  /** A promise was made: by a probe, or by the `online` status that opens a session. */
  | { readonly kind: 'promiseMade'; readonly promisedMs: number }
  | { readonly kind: 'applicationTraffic' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'intervalChosen'; readonly intervalMs: number; readonly safeSilenceMs: number | null }
  | { readonly kind: 'linkEnded' }
  | { readonly kind: 'timePassed' };

export type ProbeReason = 'interval-lapsed' | 'rides-along' | 'asked';

export interface ScheduleStep {
  readonly state: ScheduleState;
  /** Why a probe is to be sent now; null: none is. */
  readonly probe: ProbeReason | null;
  readonly wakeAt: number | null;
}

/** A schedule without a link. */
export function initialSchedule(intervalMs: number): ScheduleState {
  return { intervalMs, safeSilenceMs: intervalMs, promisedAt: null, dueAt: null, active: false };
}

/** One step; `now` in ms. */
export function scheduleStep(state: ScheduleState, event: ScheduleEvent, now: number): ScheduleStep {
  switch (event.kind) {
    case 'promiseMade':
      return rest({ ...state, promisedAt: now, dueAt: now + event.promisedMs, active: false });
    case 'applicationTraffic':
      return ride({ ...state, active: state.promisedAt !== null }, now);
    case 'asked':
      return { state, probe: state.dueAt === null ? null : 'asked', wakeAt: state.dueAt };
    case 'intervalChosen':
      return rest(withInterval(state, event.intervalMs, event.safeSilenceMs));
    case 'linkEnded':
      return rest({ ...state, promisedAt: null, dueAt: null, active: false });
    case 'timePassed':
      return { state, probe: isDue(state, now) ? 'interval-lapsed' : null, wakeAt: state.dueAt };
  }
}

/**
 * What a probe sent now may promise, in ms: the interval, or `idle_threshold` while application traffic flows
 * and the path is known to bear that much silence.
 */
export function promiseMs(state: ScheduleState, reason: ProbeReason, config: ScheduleConfig): number {
  if (!state.active && reason !== 'rides-along') return state.intervalMs;
  const boundMs = Math.min(config.longestPromiseMs, state.safeSilenceMs ?? config.longestPromiseMs);
  const stretchedMs = Math.min(config.idleThresholdMs, boundMs);
  return Math.max(state.intervalMs, stretchedMs);
}

function ride(state: ScheduleState, now: number): ScheduleStep {
  const { promisedAt, dueAt } = state;
  if (promisedAt === null || dueAt === null) return rest(state);
  const halfway = promisedAt + (dueAt - promisedAt) / 2;
  return { state, probe: now >= halfway ? 'rides-along' : null, wakeAt: dueAt };
}

/** A shorter interval takes effect at once; a longer one only with the next promise. */
function withInterval(state: ScheduleState, intervalMs: number, safeSilenceMs: number | null): ScheduleState {
  const { promisedAt, dueAt } = state;
  const sooner = promisedAt === null || dueAt === null ? dueAt : Math.min(dueAt, promisedAt + intervalMs);
  return { ...state, intervalMs, safeSilenceMs, dueAt: sooner };
}

function isDue(state: ScheduleState, now: number): boolean {
  return state.dueAt !== null && now >= state.dueAt;
}

function rest(state: ScheduleState): ScheduleStep {
  return { state, probe: null, wakeAt: state.dueAt };
}
