/** Alerts and incidents as Alertmanager's API v2 takes them: who is who by its labels, so that they must not change. */
import type { Notice, Severity } from './notice.ts';

/** `PostableAlert` of the API v2. */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/**
 * While it is open it holds until `holdMs` after `nowMs`, unless it is sent again: a monitor that is gone for good
 * leaves no alert behind. Times are wall-clock ms.
 */
export function postableAlert(
  notice: Notice,
  severity: Severity,
  nowMs: number,
  holdMs: number,
): PostableAlert {
  const { openedMs, resolvedMs } = notice.kind === 'alert' ? notice.alert : notice.incident;
  const startsAt = timeOf(openedMs);
  // An end before the beginning would be refused; clocks are set back now and then.
  const endsAt = timeOf(Math.max(openedMs, resolvedMs ?? nowMs + holdMs));
  return { labels: { ...labelsOf(notice), severity }, annotations: annotationsOf(notice), startsAt, endsAt };
}

/** A label without a value would be dropped by Alertmanager: it is left out. */
function labelsOf(notice: Notice): Record<string, string> {
  if (notice.kind === 'alert') {
    const { device, groups, network } = notice.alert;
    return {
      alertname: 'KeepAliveHDDeviceSilent',
      device,
      ...(groups.length === 0 ? {} : { group: groups.join(',') }),
      ...(network === null ? {} : { network }),
    };
  }
  const { id, scope } = notice.incident;
  const shared = scope.kind === 'group' || scope.kind === 'network' ? { [scope.kind]: scope.name } : {};
  return { alertname: 'KeepAliveHDIncident', incident: id, scope: scope.kind, ...shared };
}

function annotationsOf(notice: Notice): Record<string, string> {
  if (notice.kind === 'alert') return { summary: notice.alert.summary, alert_id: notice.alert.id };
  const { summary, memberCount, aliveAgainCount, firstMembers } = notice.incident;
  return {
    summary,
    members: String(memberCount),
    alive_again: String(aliveAgainCount),
    first_members: firstMembers.join(', '),
  };
}

const timeOf = (wallMs: number): string => new Date(wallMs).toISOString();
