/** Wiring of the agent. */
import type { AgentSettings } from '../config/settings.ts';
import type { Log } from '../runtime/log.ts';

/** Runs until told to leave; returns the exit code. */
export async function runAgent(_settings: AgentSettings, log: Log): Promise<number> {
  log.write('error', 'agentMissing', 'the agent is not built in yet');
  return 1;
}
