/** What is valid and hardly meant: said at every start and by the checks of a configuration. Pure. */
import { sinkNames } from './alert-checks.ts';
import type { Finding } from './checks.ts';
import { formatDuration } from './schema/durations.ts';
import type { MonitorConfig } from './schema/monitor.ts';

/** Of a valid configuration of a monitor; `given`: the keys that somebody set. */
export function monitorWarnings(config: MonitorConfig, given: readonly string[]): Finding[] {
  const found = [nobodyTold(config), canaryBeyondGrace(config)].filter((finding) => finding !== null);
  return [...found, ...withoutEffect(config, given)];
}

function nobodyTold(config: MonitorConfig): Finding | null {
  if (sinkNames(config).length > 0) return null;
  return { key: 'sinks', problem: 'all are off: nobody would hear of a death', fix: 'switch one on' };
}

/** Only within it can no broker that stands still make a device look dead (adr/0007). */
function canaryBeyondGrace({ canary, grace, store }: MonitorConfig): Finding | null {
  const { enabled, interval, timeout } = canary;
  if (!enabled || store.engine === 'redis' || interval + timeout <= grace) return null;
  const sum = `${formatDuration(interval)} + canary.timeout ${formatDuration(timeout)}`;
  return {
    key: 'canary.interval',
    problem: `${sum} is more than grace ${formatDuration(grace)}: a broker that stands still for a moment can look like a death`,
    fix: `raise grace to ${formatDuration(interval + timeout)}, or lower them`,
  };
}

/** Of many monitors each vouches for what it hears by the broker's answers to its pings, and none learns of networks. */
function withoutEffect({ store, grace, max_grace }: MonitorConfig, given: readonly string[]): Finding[] {
  if (store.engine !== 'redis') return [];
  const canary = given.filter((key) => key.startsWith('canary.'));
  const learned = max_grace > grace ? given.filter((key) => key === 'max_grace') : [];
  return [
    ...canary.map((key) => idle(key, 'leave it out: the answers to pings prove the hearing')),
    ...learned.map((key) =>
      idle(key, 'leave it out; grace alone counts, so set that to what the worst network needs'),
    ),
  ];
}

function idle(key: string, fix: string): Finding {
  return { key, problem: 'has no effect with store.engine "redis"', fix };
}
