/** One device in a rollout, and what the devices of a wave add up to. Pure. */
import type { DocumentFate } from '../../../protocol/configuration-report.ts';
import type { Tally } from './gate.ts';

export type Fate = 'offered' | 'trying' | 'confirmed' | 'rolled-back' | 'refused';

export interface Member {
  readonly device: string;
  /** Index of its wave. */
  readonly wave: number;
  readonly network: string | null;
  /** It was alive when it got the document, or has answered since: what befalls it counts. */
  readonly counts: boolean;
  readonly fate: Fate;
  /** Why it was rolled back or refused. */
  readonly reason: string | null;
  /** It was declared dead since. */
  readonly lapsed: boolean;
  /** How often it was offered the document. */
  readonly offers: number;
}

/** Trials that prove nothing (adr/0015); the device may try again, and so may we. */
const PROVES_NOTHING: readonly string[] = ['network-out', 'interrupted'];
/** As many as a device itself allows. */
const MAX_OFFERS = 3;

/** The member after a device said what became of the document; `excused`: the monitor or the broker was ill meanwhile. */
export function fateTold(member: Member, told: DocumentFate, excused: boolean): Member {
  const { state, reason } = told;
  // Whoever answers is alive, whatever was thought of it when it got the document.
  const counts = !excused && (member.counts || member.fate === 'offered');
  if (state === 'trying') return { ...member, counts, fate: 'trying', reason: null };
  // That settings work is shown whoever was ill meanwhile; a death that was resumed over is not brought back with it.
  if (state === 'confirmed')
    return { ...member, counts: counts || !member.lapsed, fate: 'confirmed', reason: null };
  if (state === 'rolled-back' && reason !== null && PROVES_NOTHING.includes(reason)) {
    const again = member.offers < MAX_OFFERS;
    return again
      ? { ...member, fate: 'offered', reason, offers: member.offers + 1 }
      : { ...member, fate: 'rolled-back', reason };
  }
  return { ...member, counts, fate: state, reason };
}

/** What became of the devices of a wave, for people: those that do not count included. */
export interface WaveCounts {
  devices: number;
  trying: number;
  confirmed: number;
  rolledBack: number;
  refused: number;
  lapsed: number;
  /** By reason of rolling back and refusing. */
  readonly reasons: Map<string, number>;
}

/** Counts kept up to date with every change, so that a wave of a million costs nothing to look at. */
export class WaveTally {
  readonly counts: WaveCounts = {
    devices: 0,
    trying: 0,
    confirmed: 0,
    rolledBack: 0,
    refused: 0,
    lapsed: 0,
    reasons: new Map(),
  };
  readonly #whole = blank();
  readonly #networks = new Map<string, MutableTally>();

  /** A member came (`before` null), or changed. */
  changed(before: Member | null, after: Member): void {
    if (before !== null) this.#add(before, -1);
    this.#add(after, 1);
  }

  /** Of those that count. `isOver`: who has said nothing by now is silent. */
  whole(isOver: boolean): Tally {
    return tallyOf(this.#whole, isOver);
  }

  networks(isOver: boolean): ReadonlyMap<string, Tally> {
    return new Map([...this.#networks].map(([network, tally]) => [network, tallyOf(tally, isOver)]));
  }

  /** How many that count have not said yet what became of the document. */
  get undecided(): number {
    const { devices, rolledBack, refused, confirmed } = this.#whole;
    return devices - rolledBack - refused - confirmed;
  }

  #add(member: Member, sign: 1 | -1): void {
    const { counts } = this;
    const { fate, reason, network } = member;
    counts.devices += sign;
    if (fate === 'trying') counts.trying += sign;
    if (fate === 'confirmed') counts.confirmed += sign;
    if (fate === 'rolled-back') counts.rolledBack += sign;
    if (fate === 'refused') counts.refused += sign;
    if (member.lapsed) counts.lapsed += sign;
    if ((fate === 'rolled-back' || fate === 'refused') && reason !== null) {
      const count = (counts.reasons.get(reason) ?? 0) + sign;
      if (count === 0) counts.reasons.delete(reason);
      else counts.reasons.set(reason, count);
    }
    if (!member.counts) return;
    count(this.#whole, member, sign);
    if (network === null) return;
    const tally = this.#networks.get(network) ?? blank();
    this.#networks.set(network, tally);
    count(tally, member, sign);
  }
}

interface MutableTally {
  devices: number;
  confirmed: number;
  rolledBack: number;
  refused: number;
  lapsed: number;
  /** Neither decided nor lapsed. */
  quiet: number;
}

const blank = (): MutableTally => ({
  devices: 0,
  confirmed: 0,
  rolledBack: 0,
  refused: 0,
  lapsed: 0,
  quiet: 0,
});

function count(tally: MutableTally, { fate, lapsed }: Member, sign: 1 | -1): void {
  tally.devices += sign;
  if (fate === 'confirmed') tally.confirmed += sign;
  if (fate === 'rolled-back') tally.rolledBack += sign;
  if (fate === 'refused') tally.refused += sign;
  if (lapsed) tally.lapsed += sign;
  if (!lapsed && (fate === 'offered' || fate === 'trying')) tally.quiet += sign;
}

function tallyOf({ devices, rolledBack, refused, lapsed, quiet }: MutableTally, isOver: boolean): Tally {
  return { devices, rolledBack, refused, lapsed, silent: isOver ? quiet : 0 };
}
