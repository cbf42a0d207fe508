/** Rollouts, targets and reports as they are kept: JSON under a key each, understood whole or left out. Pure. */
import { formatTarget, parseTarget, type Target } from '../../../protocol/configuration.ts';
import {
  type ConfigurationReport,
  encodeReport,
  parseReport,
} from '../../../protocol/configuration-report.ts';
import type { Member } from './member.ts';
import { Rollout, type RolloutHead } from './rollout.ts';

/** `text` null: nothing is left under the key. */
export interface Row {
  readonly key: string;
  readonly text: string | null;
}

export interface KeptDocument {
  readonly version: number;
  readonly hash: string;
  /** The JWS. */
  readonly document: string;
}

/** What is wanted of a target. */
export interface TargetRecord {
  readonly target: Target;
  /** Ever rolled out: no device takes an older one. */
  readonly highestVersion: number;
  readonly current: KeptDocument;
  /** The last one before it that was rolled out to the end; null: there was none. */
  readonly previous: KeptDocument | null;
}

export const memberKey = (id: string, device: string): string => `member/${id}/${device}`;

export function headRow(rollout: Rollout): Row {
  return { key: `rollout/${rollout.id}`, text: JSON.stringify(rollout.head()) };
}

/** Short: there may be a million. */
export function memberRow(id: string, member: Member): Row {
  const { device, wave, network, counts, fate, reason, lapsed, offers } = member;
  const text = JSON.stringify([wave, network, counts, fate, reason, lapsed, offers]);
  return { key: memberKey(id, device), text };
}

export function targetRow(record: TargetRecord): Row {
  const target = formatTarget(record.target);
  return { key: `target/${target}`, text: JSON.stringify({ ...record, target }) };
}

export function reportRow(device: string, report: ConfigurationReport): Row {
  return { key: `report/${device}`, text: new TextDecoder().decode(encodeReport(report)) };
}

export type KeptRow =
  | { readonly kind: 'rollout'; readonly rollout: Rollout }
  | { readonly kind: 'member'; readonly id: string; readonly member: Member }
  | { readonly kind: 'target'; readonly target: TargetRecord }
  | { readonly kind: 'report'; readonly device: string; readonly report: ConfigurationReport };

/** Reads a row; null when it is damaged. Never throws. */
export function readRow(key: string, text: string): KeptRow | null {
  const [kind, id = '', device = ''] = key.split('/');
  try {
    if (kind === 'rollout') return { kind, rollout: Rollout.from(readHead(JSON.parse(text))) };
    if (kind === 'member') return { kind, id, member: readMember(device, JSON.parse(text)) };
    if (kind === 'target') return { kind, target: readTarget(JSON.parse(text)) };
    if (kind !== 'report') return null;
    const parsed = parseReport(new TextEncoder().encode(text));
    return parsed.ok ? { kind, device: id, report: parsed.report } : null;
  } catch {
    return null;
  }
}

/** We wrote it: what matters is that a torn or foreign text is noticed. */
function need(holds: boolean): asserts holds {
  if (!holds) throw new TypeError('not a row of ours');
}

function readHead(value: RolloutHead): RolloutHead {
  const { id, order, waves, wave } = value;
  need(typeof id === 'string' && Array.isArray(waves) && waves.length === order.waves.length);
  need(Number.isInteger(wave) && wave >= 0 && wave < waves.length && typeof order.document === 'string');
  need(parseTarget(formatTarget(order.target)) !== null);
  return value;
}

function readMember(device: string, value: readonly unknown[]): Member {
  const [wave, network, counts, fate, reason, lapsed, offers] = value;
  need(device !== '' && Number.isInteger(wave) && typeof counts === 'boolean' && typeof fate === 'string');
  const member = { device, wave, network, counts, fate, reason, lapsed, offers };
  return member as Member;
}

function readTarget(value: Omit<TargetRecord, 'target'> & { readonly target: string }): TargetRecord {
  const target = parseTarget(value.target);
  need(
    target !== null && Number.isSafeInteger(value.highestVersion) && typeof value.current.hash === 'string',
  );
  return { ...value, target };
}
