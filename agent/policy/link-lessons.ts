/** What the end of a connection, or an answer, teaches: facts of the link in the learner's words. Pure. */
import type { LapseCause } from './lapse-cause.ts';
import type { LearnerEvent } from './learner-event.ts';

/** What this device has seen itself of a network since it joined. */
export interface Seen {
  readonly answeredSeconds: number;
  readonly drops: number;
}

export const NOTHING_SEEN: Seen = { answeredSeconds: 0, drops: 0 };

/** A connection that ended, as `linkLost` of `IntervalEvent` says it. */
export interface Loss {
  readonly cause: LapseCause;
  readonly silenceMs: number;
  readonly closedWhileIdle: boolean;
  readonly closedOnProbe?: boolean;
}

/** Counts one more event in. */
export function seenWith(seen: Seen, event: LearnerEvent): Seen {
  switch (event.kind) {
    case 'probeAnswered':
      return { ...seen, answeredSeconds: Math.max(seen.answeredSeconds, event.silenceSeconds) };
    case 'probeUnanswered':
    case 'closedOnProbe':
    case 'closedWhileIdle':
      return { ...seen, drops: seen.drops + 1 };
    case 'lossCensored':
    case 'trafficSeen':
      return seen;
  }
}

/** What a lost connection says of the path, where it says anything. */
export function lessonOfLoss(lost: Loss): LearnerEvent {
  const seconds = lost.silenceMs / 1000;
  switch (lost.cause) {
    case 'path-forgot':
      return { kind: 'probeUnanswered', silenceSeconds: seconds };
    case 'broker-closed':
      if (lost.closedWhileIdle) return { kind: 'closedWhileIdle', idleSeconds: seconds };
      if (lost.closedOnProbe) return { kind: 'closedOnProbe', silenceSeconds: seconds };
      return { kind: 'lossCensored', watchedSeconds: seconds, linkLost: false };
    case 'broker-gone':
      return { kind: 'lossCensored', watchedSeconds: seconds, linkLost: false };
    case 'link-lost':
      return { kind: 'lossCensored', watchedSeconds: seconds, linkLost: true };
  }
}
