/** What one of many monitors does by the calendar. Each does it; what another has done already costs nothing. */
import type { MonitorSettings } from '../../config/settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Job } from '../io/cron.ts';
import type { IncidentStore } from '../io/stores/redis/incident-store.ts';
import type { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import type { SharedFleet } from './shared-fleet.ts';

export interface SharedJobParts {
  readonly settings: MonitorSettings;
  readonly reads: readonly PartitionReads[];
  readonly fleet: SharedFleet;
  readonly incidents: IncidentStore;
  readonly clock: Clock;
  readonly log: Log;
}

export function sharedJobs({
  settings,
  reads,
  fleet,
  incidents,
  clock,
  log,
}: SharedJobParts): readonly Job[] {
  const { summary, retention } = settings;
  return [
    {
      key: 'summary.schedule',
      schedule: summary.schedule,
      run: async () => {
        const counts = fleet.counts();
        const { alive, late, dead, left } = counts;
        const text = `fleet: ${alive} alive, ${late} late, ${dead} dead, ${left} left`;
        log.write('info', 'fleetSummary', text, counts);
      },
    },
    {
      key: 'retention.schedule',
      schedule: retention.schedule,
      run: async () => {
        const beforeMs = clock.now().wallMs - retention.historySeconds * 1000;
        let transitions = 0;
        let alerts = 0;
        let devices = 0;
        for (const partition of reads) {
          const pruned = await partition.prune(beforeMs);
          transitions += pruned.transitions;
          alerts += pruned.alerts;
          devices += pruned.devices.length;
        }
        await incidents.prune(beforeMs);
        const text = `forgot ${transitions} transitions, ${alerts} alerts, ${devices} devices`;
        log.write('info', 'historyPruned', text, { transitions, alerts, devices });
      },
    },
  ];
}
