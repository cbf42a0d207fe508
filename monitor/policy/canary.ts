/**
 * The monitor's own probe, sent through the broker to itself. One that comes back promptly proves that whatever
 * the broker had taken in when the canary was sent has been heard; so silence is judged only up to that moment.
 * Pure; times are monotonic ms unless they are called attentive.
 *
 * Why `interval + timeout` should not exceed the grace: a probe that was sent in time waits for longer than the
 * grace only in a broker that stands still for longer. Then a canary was sent early enough to be missing before
 * the broker moves again, and doubt has begun before anybody is judged (adr/0007).
 */

export interface CanarySettings {
  /** Between two while nothing is due. */
  readonly intervalMs: number;
  /** Longest way through the broker and back that still proves something. */
  readonly timeoutMs: number;
}

/** Closest together, however much is due: at most 20 a second, whatever the size of the fleet. */
export const CANARY_SPACING_MS = 50;
/** While one is missing: how long until the next try. */
const RETRY_MS = 500;
/**
 * How long after its time a canary must be found missing a second time: a loop that was busy runs its timers
 * before it reads its sockets, and the canary may be in there.
 */
const SECOND_LOOK_MS = 100;

interface Flight {
  readonly sequence: number;
  readonly sentMs: number;
  readonly attentiveMs: number;
}

/** A canary that came back. */
export interface Proof {
  readonly sentMs: number;
  /** Whether it took at most the timeout. */
  readonly prompt: boolean;
}

export class Canary {
  readonly #settings: CanarySettings;
  #flights: Flight[] = [];
  #sequence = 0;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #provenSentMs: number;
  #provenAttentiveMs = 0;
  #overdueSeenMs: number | null = null;
  #missing = false;
  #linked = false;

  constructor(settings: CanarySettings, nowMs: number) {
    this.#settings = settings;
    this.#provenSentMs = nowMs;
  }

  /** Attentive ms up to which silence proves something. */
  get provenAttentiveMs(): number {
    return this.#provenAttentiveMs;
  }

  /** When the last one that came back promptly was sent. */
  get provenSentMs(): number {
    return this.#provenSentMs;
  }

  /** The link is up: what was sent before is lost, and the first canary is due. */
  linkUp(nowMs: number): void {
    this.#linked = true;
    this.restart(nowMs);
  }

  linkLost(): void {
    this.#linked = false;
    this.#flights = [];
    this.#overdueSeenMs = null;
  }

  /** What is under way proves nothing, and is not missed: the monitor itself was not there to hear it. */
  restart(nowMs: number): void {
    this.#flights = [];
    this.#overdueSeenMs = null;
    this.#lastSentMs = Number.NEGATIVE_INFINITY;
    this.#provenSentMs = Math.max(this.#provenSentMs, nowMs);
  }

  /**
   * When the next is to be sent; `Infinity` without a link. `wantedMs`: since when (or from when on) somebody
   * waits to be judged; the canary that proves it must be sent after that.
   */
  sendAtMs(wantedMs: number): number {
    if (!this.#linked) return Number.POSITIVE_INFINITY;
    const last = this.#lastSentMs;
    if (this.#missing) return last + RETRY_MS;
    const regularMs = last + this.#settings.intervalMs;
    if (last >= wantedMs) return regularMs;
    return Math.min(regularMs, Math.max(wantedMs, last + CANARY_SPACING_MS));
  }

  /** Notes that one is sent now; returns its sequence. */
  sent(nowMs: number, attentiveMs: number): number {
    this.#sequence += 1;
    this.#lastSentMs = nowMs;
    // Those that may only come back too late are of no use.
    const { timeoutMs } = this.#settings;
    if (this.#missing) this.#flights = this.#flights.filter((flight) => nowMs - flight.sentMs <= timeoutMs);
    this.#flights.push({ sequence: this.#sequence, sentMs: nowMs, attentiveMs });
    return this.#sequence;
  }

  /** One came back; null: it is not of those under way. Older ones under way are not missed any more. */
  heard(sequence: number, nowMs: number): Proof | null {
    const at = this.#flights.findIndex((flight) => flight.sequence === sequence);
    const flight = this.#flights[at];
    if (flight === undefined) return null;
    this.#flights.splice(0, at + 1);
    const { sentMs, attentiveMs } = flight;
    const prompt = nowMs - sentMs <= this.#settings.timeoutMs;
    this.#overdueSeenMs = null;
    if (prompt) {
      this.#missing = false;
      this.#provenSentMs = sentMs;
      this.#provenAttentiveMs = attentiveMs;
    }
    return { sentMs, prompt };
  }

  /** When `isMissing` must be asked; `Infinity`: nothing is under way, or it is known to be missing. */
  missingAtMs(): number {
    const [oldest] = this.#flights;
    if (oldest === undefined || this.#missing) return Number.POSITIVE_INFINITY;
    if (this.#overdueSeenMs !== null) return this.#overdueSeenMs + SECOND_LOOK_MS;
    return oldest.sentMs + this.#settings.timeoutMs + 1;
  }

  /** Whether the oldest under way is missing; true once, until another comes back. */
  isMissing(nowMs: number): boolean {
    if (nowMs < this.missingAtMs()) return false;
    if (this.#overdueSeenMs === null) {
      this.#overdueSeenMs = nowMs;
      return false;
    }
    this.missed();
    return true;
  }

  /** One came back too late, or not at all. */
  missed(): void {
    this.#missing = true;
    this.#flights = [];
    this.#overdueSeenMs = null;
  }
}
