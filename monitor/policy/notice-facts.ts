/** What routes and silences look at, whoever the notice is about. */
import type { SeveritySettings } from '../../config/alert-settings.ts';
import type { Notice, Severity } from './notice.ts';

export interface NoticeFacts {
  /** Null for an incident. */
  readonly device: string | null;
  readonly groups: readonly string[];
  readonly network: string | null;
  readonly severity: Severity;
}

export function severityOf(notice: Notice, settings: SeveritySettings): Severity {
  if (notice.kind === 'incident') return settings.incident;
  const isCritical = notice.alert.groups.some((group) => settings.criticalGroups.includes(group));
  return isCritical ? 'critical' : settings.device;
}

/** An incident belongs to the group or the network that its members share; to none when it is wider. */
export function factsOf(notice: Notice, severity: Severity): NoticeFacts {
  if (notice.kind === 'alert') {
    const { device, groups, network } = notice.alert;
    return { device, groups, network, severity };
  }
  const { kind, name } = notice.incident.scope;
  return {
    device: null,
    groups: kind === 'group' ? [name] : [],
    network: kind === 'network' ? name : null,
    severity,
  };
}

/** Whether one of `wanted` is among `given`; an empty `wanted` asks for nothing. */
export function matchesAny(wanted: readonly string[], given: readonly (string | null)[]): boolean {
  return wanted.length === 0 || given.some((value) => value !== null && wanted.includes(value));
}
