/** What the monitor does by the calendar: the summary of the fleet, and forgetting old history. */
import type { MonitorSettings } from '../config/settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import type { Job } from './io/cron.ts';
import type { Monitor } from './monitor.ts';
import type { Networks } from './networks.ts';
import type { SummaryTally } from './policy/fleet-summary.ts';
import type { Watch } from './policy/watch.ts';
import type { Rollouts } from './rollouts.ts';

export interface JobParts {
  readonly settings: MonitorSettings;
  readonly monitor: Monitor;
  readonly watch: Watch;
  readonly summary: SummaryTally;
  readonly networks: Networks;
  readonly rollouts: Pick<Rollouts, 'forget'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function jobsOf(parts: JobParts): readonly Job[] {
  const { summary, retention } = parts.settings;
  return [
    { key: 'summary.schedule', schedule: summary.schedule, run: async () => summarise(parts) },
    { key: 'retention.schedule', schedule: retention.schedule, run: () => forget(parts) },
  ];
}

function summarise({ summary, watch, log }: JobParts): void {
  const { counts, worst, ...since } = summary.take(watch.counts(), watch.totals().probes);
  const { unknown, alive, late, dead, left } = counts;
  const text =
    `fleet: ${alive} alive, ${late} late, ${dead} dead, ${left} left, ${unknown} unknown; since the last summary ` +
    `${since.deaths} died, ${since.returns} returned, ${since.lapses} promises lapsed, ${since.probes} probes`;
  log.write('info', 'fleetSummary', text, {
    ...counts,
    ...since,
    worst: worst.map(({ device, lapses }) => `${device}: ${lapses}`),
  });
}

async function forget({ settings, monitor, networks, rollouts, clock, log }: JobParts): Promise<void> {
  networks.age();
  const beforeMs = clock.now().wallMs - settings.retention.historySeconds * 1000;
  const { transitions, alerts, devices } = await monitor.prune(beforeMs);
  rollouts.forget(devices);
  const text = `forgot ${transitions} transitions, ${alerts} alerts, ${devices.length} devices`;
  log.write('info', 'historyPruned', text, { transitions, alerts, devices: devices.length });
}
