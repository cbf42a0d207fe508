/** Wiring of the monitor. */
import type { MonitorSettings } from '../config/settings.ts';
import type { Log } from '../runtime/log.ts';

/** Runs until told to leave; returns the exit code. */
export async function runMonitor(_settings: MonitorSettings, log: Log): Promise<number> {
  log.write('error', 'monitorMissing', 'the monitor is not built in yet');
  return 1;
}
