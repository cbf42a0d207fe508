/** What is valid and hardly meant: said at every start and by the checks of a configuration. Pure. */
import { sinkNames } from './alert-checks.ts';
import type { Finding } from './checks.ts';
import { formatDuration } from './schema/durations.ts';
import type { MonitorConfig } from './schema/monitor.ts';

/** Of a valid configuration of a monitor. */
export function monitorWarnings(config: MonitorConfig): Finding[] {
  return [nobodyTold(config), canaryBeyondGrace(config)].filter((finding) => finding !== null);
}

function nobodyTold(config: MonitorConfig): Finding | null {
  if (sinkNames(config).length > 0) return null;
  return { key: 'sinks', problem: 'all are off: nobody would hear of a death', fix: 'switch one on' };
}

/** Only within it can no broker that stands still make a device look dead (adr/0007). */
function canaryBeyondGrace({ canary, grace }: MonitorConfig): Finding | null {
  const { enabled, interval, timeout } = canary;
  if (!enabled || interval + timeout <= grace) return null;
  const sum = `${formatDuration(interval)} + canary.timeout ${formatDuration(timeout)}`;
  return {
    key: 'canary.interval',
    problem: `${sum} is more than grace ${formatDuration(grace)}: a broker that stands still for a moment can look like a death`,
    fix: `raise grace to ${formatDuration(interval + timeout)}, or lower them`,
  };
}
