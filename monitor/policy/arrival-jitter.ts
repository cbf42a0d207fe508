/**
 * How late probes arrive, per network, and how much grace that takes. After Chen, Toueg and Aguilera (NFD-E, IEEE
 * Trans. Computers 51, 2002): the expected arrival is a sliding mean, and a safety margin is added to it. Here the
 * promise takes the place of the period, and the margin is four mean deviations, as in the estimators of round
 * trips (RFC 6298), so that it need not be chosen for each network by hand. Pure; times are ms.
 */

/** One sample replaces 1/128 of what is known: the sliding window. */
const WEIGHT = 1 / 128;
/** The first samples weigh more, or the start value would be seen for long. */
const MIN_SAMPLES = 30;
const MARGIN_DEVIATIONS = 4;
/** Sampled, not counted: a probe in this time, whatever the size of the fleet. */
const SAMPLE_EVERY_MS = 5;
/** A probe that comes earlier than that before its time rode along with other traffic, and tells nothing. */
const EARLY_MS = 250;
const EARLY_SHARE = 0.1;
/** As many as the fleet's knowledge of networks holds. */
const MAX_NETWORKS = 4096;

/** Where the grace of a network comes from. */
export type GraceReason = 'base' | 'learned' | 'fleet-wide' | 'at-bound';

export interface GraceView {
  /** Null: the fleet as a whole. */
  readonly network: string | null;
  readonly graceMs: number;
  readonly reason: GraceReason;
  /** Mean of arrival less promise; negative: early. */
  readonly latenessMs: number;
  readonly deviationMs: number;
  readonly samples: number;
}

interface Estimate {
  meanMs: number;
  deviationMs: number;
  samples: number;
  sampledAtMs: number;
  /** What they come to, kept because it is asked for more often than learned. */
  neededMs: number;
}

export class ArrivalJitter {
  readonly #baseMs: number;
  readonly #mostMs: number;
  readonly #fleet = blank();
  readonly #networks = new Map<string, Estimate>();
  /** How many need more than the base. */
  #raised = 0;
  /** When the next probe is to be sampled, in attentive ms. */
  sampleAtMs = 0;

  /** `baseMs` is the least, `mostMs` the most that is ever granted; equal: nothing is learned. */
  constructor(baseMs: number, mostMs: number) {
    this.#baseMs = baseMs;
    this.#mostMs = Math.max(baseMs, mostMs);
    if (this.#mostMs === baseMs) this.sampleAtMs = Number.POSITIVE_INFINITY;
  }

  /** A probe came `silentMs` after the last sign of life, which had promised it within `promisedMs`. */
  arrived(network: string | null, silentMs: number, promisedMs: number, attentiveMs: number): void {
    const latenessMs = silentMs - promisedMs;
    const earliestMs = -Math.max(EARLY_MS, promisedMs * EARLY_SHARE);
    // Later than any grace is a lapse, or a doubt, not jitter.
    if (latenessMs < earliestMs || latenessMs > this.#mostMs) return;
    this.sampleAtMs = attentiveMs + SAMPLE_EVERY_MS;
    this.#learn(this.#fleet, latenessMs, attentiveMs);
    if (network !== null) this.#learn(this.#estimateOf(network), latenessMs, attentiveMs);
  }

  /** Whether all have the base, so that it need not be asked whose network it is. */
  get isPlain(): boolean {
    return this.#raised === 0;
  }

  graceMs(network: string | null): number {
    return Math.min(this.#mostMs, Math.max(this.#baseMs, this.#used(network).neededMs));
  }

  /** The grace of a network, or with null of whoever's is not known. */
  view(network: string | null): GraceView {
    const used = this.#used(network);
    const { meanMs: latenessMs, deviationMs, samples, neededMs } = used;
    const graceMs = this.graceMs(network);
    const learned = used === this.#fleet ? 'fleet-wide' : 'learned';
    const reason = neededMs <= this.#baseMs ? 'base' : neededMs >= this.#mostMs ? 'at-bound' : learned;
    return { network, graceMs, reason, latenessMs, deviationMs, samples };
  }

  /** Networks that enough is known of. */
  *views(): Generator<GraceView> {
    for (const [network, { samples }] of this.#networks) if (samples >= MIN_SAMPLES) yield this.view(network);
  }

  #used(network: string | null): Estimate {
    const own = network === null ? undefined : this.#networks.get(network);
    return own !== undefined && own.samples >= MIN_SAMPLES ? own : this.#fleet;
  }

  #learn(estimate: Estimate, latenessMs: number, attentiveMs: number): void {
    const wasRaised = estimate.neededMs > this.#baseMs;
    learn(estimate, latenessMs, attentiveMs);
    this.#raised += Number(estimate.neededMs > this.#baseMs) - Number(wasRaised);
  }

  #estimateOf(network: string): Estimate {
    const known = this.#networks.get(network);
    if (known !== undefined) return known;
    if (this.#networks.size >= MAX_NETWORKS) this.#forgetOldest();
    const estimate = blank();
    this.#networks.set(network, estimate);
    return estimate;
  }

  #forgetOldest(): void {
    let oldest: string | null = null;
    let atMs = Number.POSITIVE_INFINITY;
    for (const [network, { sampledAtMs }] of this.#networks) {
      if (sampledAtMs >= atMs) continue;
      oldest = network;
      atMs = sampledAtMs;
    }
    if (oldest === null) return;
    if ((this.#networks.get(oldest)?.neededMs ?? 0) > this.#baseMs) this.#raised -= 1;
    this.#networks.delete(oldest);
  }
}

function blank(): Estimate {
  return { meanMs: 0, deviationMs: 0, samples: 0, sampledAtMs: 0, neededMs: 0 };
}

function learn(estimate: Estimate, latenessMs: number, attentiveMs: number): void {
  estimate.samples += 1;
  estimate.sampledAtMs = attentiveMs;
  const weight = Math.max(WEIGHT, 1 / estimate.samples);
  const errorMs = latenessMs - estimate.meanMs;
  estimate.meanMs += weight * errorMs;
  estimate.deviationMs += weight * (Math.abs(errorMs) - estimate.deviationMs);
  const isKnown = estimate.samples >= MIN_SAMPLES;
  estimate.neededMs = isKnown ? estimate.meanMs + MARGIN_DEVIATIONS * estimate.deviationMs : 0;
}
