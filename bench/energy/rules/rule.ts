/** What the simulator asks of a rule that sets the keep-alive interval. Times in seconds of the virtual clock. */
export interface Rule {
  /** Silence after which the next probe is sent. */
  next(nowSeconds: number): number;
  answered(nowSeconds: number, silenceSeconds: number, rttMs: number, repeated: boolean): void;
  /** Unanswered after a silence; the new connection succeeded at once. */
  lost(nowSeconds: number, silenceSeconds: number): void;
  /** The peer closed the connection while idle; without it, such a death counts as `lost`. */
  closedWhileIdle?(nowSeconds: number, idleSeconds: number): void;
  /** A loss with an outage: the first attempts to reconnect failed too. */
  outage?(nowSeconds: number, watchedSeconds: number): void;
  /** Overrides the radio's wait for an answer and its repetition: one wait of so many seconds. */
  readonly replyWaitSeconds?: number;
  /** Interval to try on a second connection; null when there is none. */
  testNext?(): number | null;
  testResult?(intervalSeconds: number, ok: boolean): void;
}
