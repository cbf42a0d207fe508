/** Why a device fell silent, from what is known of it and of those around it. Pure. */
import type { DeviceRecord, LapseCause } from './device.ts';

/** Radios of every kind are at their end here. */
const WEAK_DBM = -105;

/** What speaks for which cause. */
export interface LapseEvidence {
  readonly batteryFlat: boolean;
  readonly networkWide: boolean;
  /** Not heard since the broker or the monitor was away. */
  readonly sinceOutage: boolean;
  readonly signalDbm: number | null;
  /** The broker has published its will. */
  readonly sessionEnded: boolean;
}

/** The likeliest first: what makes the others follow from it comes before them. */
export function lapseCauseOf(evidence: LapseEvidence): LapseCause {
  if (evidence.batteryFlat) return 'battery-empty';
  if (evidence.networkWide) return 'network-wide';
  if (evidence.sinceOutage) return 'since-outage';
  if (evidence.signalDbm !== null && evidence.signalDbm <= WEAK_DBM) return 'weak-signal';
  return evidence.sessionEnded ? 'session-ended' : 'unexplained';
}

/** The cause in words for people, as a sentence without its full stop. */
export function lapseCauseText(cause: LapseCause, { vitals, network }: DeviceRecord): string {
  switch (cause) {
    case 'battery-empty':
      return `its battery is probably empty: it last stated ${vitals?.batteryPercent ?? 0} %`;
    case 'network-wide':
      return `its network is probably down: most devices of ${network} are silent`;
    case 'since-outage':
      return 'it has not come back since the broker or the monitor was away';
    case 'weak-signal':
      return `its signal was weak: ${vitals?.signalDbm} dBm`;
    case 'session-ended':
      return 'the broker lost its connection';
    case 'unexplained':
      return 'nothing is known of the cause';
  }
}
