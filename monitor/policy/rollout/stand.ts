/** What a device runs of a target, against what is wanted. Pure. */
import { formatTarget } from '../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import type { TargetRecord } from './rows.ts';

/**
 * `running`: what is wanted. `waiting`: its wave has not come. `behind`: it has not taken the document yet. `silent`:
 * it never said anything of its configuration.
 */
export const CONFIGURATION_STANDS = [
  'running',
  'trying',
  'rolled-back',
  'refused',
  'waiting',
  'behind',
  'silent',
] as const;
export type ConfigurationStand = (typeof CONFIGURATION_STANDS)[number];

export interface Stand {
  readonly state: ConfigurationStand;
  readonly running: { readonly version: number; readonly hash: string } | null;
  /** Why it was rolled back or refused. */
  readonly reason: string | null;
  readonly detail: string;
}

/** `wanted`: the device was given the document, or finds it at its group's topic. */
export function standOf(
  { target, current }: TargetRecord,
  report: ConfigurationReport | undefined,
  wanted: boolean,
): Stand {
  const nothing = { running: null, reason: null, detail: '' };
  if (report === undefined) return { state: wanted ? 'silent' : 'waiting', ...nothing };
  const own = report.running.find((each) => formatTarget(each.target) === formatTarget(target));
  const running = own === undefined ? null : { version: own.version, hash: own.hash };
  if (own?.hash === current.hash) return { ...nothing, state: 'running', running };
  const { last } = report;
  if (last?.hash === current.hash && last.state !== 'confirmed') {
    return { state: last.state, running, reason: last.reason, detail: last.detail };
  }
  return { ...nothing, state: wanted ? 'behind' : 'waiting', running };
}
