/** What the learning engine is told. */

/** Silence and idle time count from the last packet either way, on a clock that counts suspend. */
export type LearnerEvent =
  | {
      readonly kind: 'probeAnswered';
      readonly silenceSeconds: number;
      readonly rttMs: number;
      /** Only the repeated probe was answered. */
      readonly repeated: boolean;
    }
  /** Unanswered or answered by RST, and a fresh connection on the same network and address succeeded at once. */
  | { readonly kind: 'probeUnanswered'; readonly silenceSeconds: number }
  /** Answered by FIN: a proxy that looks at its limit only when something comes, or a broker that restarts just now. */
  | { readonly kind: 'closedOnProbe'; readonly silenceSeconds: number }
  /** FIN or RST while idle; never counts against the link, since it is noticed at once. */
  | { readonly kind: 'closedWhileIdle'; readonly idleSeconds: number }
  /**
   * A loss that says nothing of idle time: reconnecting failed too, the address changed, or many networks
   * dropped together. Only `linkLost` counts against the link.
   */
  | { readonly kind: 'lossCensored'; readonly watchedSeconds: number; readonly linkLost: boolean }
  /** The connection was busy and alive for so long. */
  | { readonly kind: 'trafficSeen'; readonly watchedSeconds: number };
