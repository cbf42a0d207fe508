/** One rollout: its waves, its devices, and whether it goes on. Pure; `rollout-book.ts` holds all of them. */
import type { Target } from '../../../protocol/configuration.ts';
import type { DocumentFate } from '../../../protocol/configuration-report.ts';
import { type Control, judgeWave } from './gate.ts';
import { fateTold, type Member, type WaveCounts, WaveTally } from './member.ts';
import { reachOf, type WaveSize } from './waves.ts';

export interface Order {
  readonly target: Target;
  readonly version: number;
  readonly hash: string;
  /** The JWS. */
  readonly document: string;
  /** Wall-clock ms. */
  readonly expiresAtMs: number;
  readonly confirmWithinSeconds: number;
  readonly waves: readonly WaveSize[];
  readonly observeSeconds: number;
}

export const ROLLOUT_STATES = ['running', 'halted', 'completed', 'superseded'] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];
export type WaveState = 'waiting' | 'releasing' | 'observing' | 'passed' | 'failed';

/** Why a rollout stands where it stands. */
export interface RolloutReason {
  readonly kind: 'rollbacks' | 'lapses' | 'silence' | 'operator' | 'superseded' | 'expired' | 'no-devices';
  readonly text: string;
}

export interface Wave {
  readonly size: WaveSize;
  state: WaveState;
  /** Wall-clock ms; null: not yet. */
  startedAtMs: number | null;
  /** For how long it was watched, in ms during which the monitor trusted itself. */
  watchedMs: number;
  /** Who else was alive when it began, and how many of them were declared dead since. */
  control: Control;
  readonly tally: WaveTally;
  /** The counts at the end, once the members are no longer kept; null: those of `tally`. */
  frozen: WaveCounts | null;
}

/** The counts as JSON has them. */
interface FrozenCounts extends Omit<WaveCounts, 'reasons'> {
  readonly reasons: readonly (readonly [string, number])[];
}

/** The part of a rollout that is one record in the store; members have records of their own. */
export interface RolloutHead {
  readonly id: string;
  readonly order: Order;
  readonly createdAtMs: number;
  readonly state: RolloutState;
  readonly reason: RolloutReason | null;
  /** Index of the wave that is under way, or was last. */
  readonly wave: number;
  /** A group's document lies at its own topic. */
  readonly settled: boolean;
  readonly waves: readonly (Pick<Wave, 'state' | 'startedAtMs' | 'watchedMs' | 'control'> & {
    readonly frozen: FrozenCounts | null;
  })[];
}

/** What devices may take to hear of the document, and to report, beyond `confirm_within`. */
const REPORT_MS = 60_000;
/** Of what was watched, a restart loses no more. */
const KEPT_EVERY_MS = 30_000;

export class Rollout {
  readonly id: string;
  readonly order: Order;
  readonly createdAtMs: number;
  readonly waves: readonly Wave[];
  readonly members = new Map<string, Member>();
  state: RolloutState = 'running';
  reason: RolloutReason | null = null;
  wave = 0;
  /** The group's document lies at its topic. */
  settled = false;
  /** When a wave that found nobody alive looks again, on the monotonic clock. */
  lookAgainAtMs = 0;
  /** Members from whose topics the document was taken. */
  readonly withdrawn = new Set<string>();
  /** Per member, how many spells of doubt there had been when it was offered the document. */
  readonly doubtsAtOffer = new Map<string, number>();

  constructor(id: string, order: Order, createdAtMs: number) {
    this.id = id;
    this.order = order;
    this.createdAtMs = createdAtMs;
    this.waves = order.waves.map((size) => ({
      size,
      state: 'waiting',
      startedAtMs: null,
      watchedMs: 0,
      control: { devices: 0, lapsed: 0 },
      tally: new WaveTally(),
      frozen: null,
    }));
  }

  static from({ id, order, createdAtMs, state, reason, wave, settled, waves }: RolloutHead): Rollout {
    const rollout = new Rollout(id, order, createdAtMs);
    Object.assign(rollout, { state, reason, wave, settled });
    for (const [at, { frozen, ...saved }] of waves.entries()) {
      const counts = frozen && { ...frozen, reasons: new Map(frozen.reasons) };
      Object.assign(rollout.waves[at] ?? {}, saved, { frozen: counts });
    }
    return rollout;
  }

  head(): RolloutHead {
    const { id, order, createdAtMs, state, reason, wave, settled } = this;
    const waves = this.waves.map(({ state, startedAtMs, watchedMs, control, frozen: counts }) => {
      const frozen = counts && { ...counts, reasons: [...counts.reasons] };
      return { state, startedAtMs, watchedMs, control, frozen };
    });
    return { id, order, createdAtMs, state, reason, wave, settled, waves };
  }

  /** Nothing more comes of it. */
  get isOver(): boolean {
    return this.state === 'completed' || this.state === 'superseded';
  }

  /** Keeps the counts for when the members are gone. */
  freeze(): void {
    for (const wave of this.waves)
      wave.frozen = { ...wave.tally.counts, reasons: new Map(wave.tally.counts.reasons) };
  }

  get current(): Wave {
    const wave = this.waves[this.wave];
    if (wave === undefined) throw new RangeError(`rollout ${this.id} has no wave ${this.wave}`);
    return wave;
  }

  put(member: Member): void {
    this.waves[member.wave]?.tally.changed(this.members.get(member.device) ?? null, member);
    this.members.set(member.device, member);
  }

  /**
   * Draws the devices of the wave under way from `order`, in which those drawn before are passed over. Only the last
   * wave takes devices that are not alive: what befalls those proves nothing.
   */
  draw(
    order: readonly string[],
    aliveOf: (device: string) => { alive: boolean; network: string | null },
    control: number,
    nowMs: number,
  ): readonly Member[] {
    const wave = this.current;
    const isLast = this.wave === this.waves.length - 1;
    const wanted = reachOf(wave.size, order.length) - this.members.size + this.#provedNothing;
    const drawn: Member[] = [];
    for (const device of order) {
      if (drawn.length >= wanted && !isLast) break;
      if (this.members.has(device)) continue;
      const { alive, network } = aliveOf(device);
      if (!alive && !isLast) continue;
      const fresh = { fate: 'offered', reason: null, lapsed: false, offers: 1 } as const;
      const member: Member = { device, wave: this.wave, network, counts: alive, ...fresh };
      drawn.push(member);
      this.put(member);
    }
    // What nobody alive has got proves nothing: the wave waits for somebody who is.
    if (drawn.length === 0 && (wanted > 0 || this.members.size === 0)) return drawn;
    wave.state = 'releasing';
    wave.startedAtMs = nowMs;
    wave.control = { devices: Math.max(0, control - drawn.filter(({ counts }) => counts).length), lapsed: 0 };
    return drawn;
  }

  /** Of the wave under way, those whose fate does not count. */
  get #provedNothing(): number {
    const { tally } = this.current;
    return tally.counts.devices - tally.whole(false).devices;
  }

  /**
   * A wave ends, and all that befell its devices was excused or resumed over: it passes on nothing. It waits for others;
   * the last wave has none.
   */
  waitsForOthers(): boolean {
    const wave = this.current;
    const proved = wave.tally.counts.devices - this.#provedNothing;
    if (proved > 0 || wave.tally.counts.devices === 0 || this.wave === this.waves.length - 1) return false;
    wave.state = 'waiting';
    wave.watchedMs = 0;
    return true;
  }

  /** A member said what became of the document; returns it as it is now, or null when nothing changed. */
  told(device: string, fate: DocumentFate, excused: boolean): Member | null {
    const member = this.members.get(device);
    if (member === undefined) return null;
    const after = fateTold(member, fate, excused);
    if (after.fate === member.fate && after.reason === member.reason && after.offers === member.offers)
      return null;
    this.put(after);
    return after;
  }

  /** A device was declared dead. Returns the member, or null when it is none whose wave is being watched. */
  lapsed(device: string): Member | null {
    const wave = this.current;
    const member = this.members.get(device);
    if (member === undefined) {
      wave.control = { ...wave.control, lapsed: wave.control.lapsed + 1 };
      return null;
    }
    if (member.wave !== this.wave || member.lapsed) return null;
    const after = { ...member, lapsed: true };
    this.put(after);
    return after;
  }

  /** Halts when what befell the wave is more than chance. */
  judge(isOver: boolean): boolean {
    const wave = this.current;
    const halt = judgeWave(wave.tally.whole(isOver), wave.tally.networks(isOver), wave.control);
    if (halt === null) return false;
    wave.state = 'failed';
    this.state = 'halted';
    this.reason = halt;
    return true;
  }

  /** The monitor was watching for so long; says whether that is worth keeping, so that a restart need not begin anew. */
  watch(elapsedMs: number): boolean {
    const wave = this.current;
    const before = wave.watchedMs;
    wave.watchedMs += elapsedMs;
    return Math.floor(before / KEPT_EVERY_MS) !== Math.floor(wave.watchedMs / KEPT_EVERY_MS);
  }

  /** For how many ms, in which the monitor trusts itself, the wave is still to be watched. */
  get remainingMs(): number {
    const { observeSeconds, confirmWithinSeconds } = this.order;
    const wave = this.current;
    const patienceMs = wave.tally.undecided === 0 ? 0 : confirmWithinSeconds * 1000 + REPORT_MS;
    return Math.max(0, Math.max(observeSeconds * 1000, patienceMs) - wave.watchedMs);
  }

  /** Goes on where it halted: what befell the wave so far was seen, and counts no more. */
  resume(): readonly Member[] {
    const changed: Member[] = [];
    for (const member of this.members.values()) {
      if (member.wave !== this.wave || !member.counts) continue;
      if (member.fate === 'confirmed' && !member.lapsed) continue;
      changed.push({ ...member, counts: false });
    }
    for (const member of changed) this.put(member);
    this.state = 'running';
    this.reason = null;
    const wave = this.current;
    // A wave that waits for somebody alive has nobody yet: watched as it is, it would pass on nothing.
    if (wave.state !== 'waiting') wave.state = 'releasing';
    wave.watchedMs = 0;
    wave.control = { ...wave.control, lapsed: 0 };
    return changed;
  }
}
