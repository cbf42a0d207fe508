/** The way of an agent with these settings to its broker, step by step, up to the first that fails. */
import type { AgentSettings } from '../config/settings.ts';
import type { CheckFinding } from '../runtime/check-finding.ts';
import { type CheckName, checkSession } from './io/check/session.ts';
import { checkTls } from './io/check/tls.ts';
import { checkName, checkProxy, checkTcp } from './io/check/way.ts';

/** Never throws. What was not tried is not in the answer. `name`: under which it connects. */
export async function checkConnection(
  settings: AgentSettings,
  name: CheckName,
): Promise<readonly CheckFinding[]> {
  const { broker } = settings;
  const steps: readonly (() => Promise<readonly CheckFinding[]>)[] = [
    () => checkName(broker),
    () => checkTcp(broker),
    () => checkProxy(broker),
    () => checkTls(broker),
    () => checkSession(settings, name),
  ];
  const findings: CheckFinding[] = [];
  for (const step of steps) {
    findings.push(...(await step()));
    if (findings.some(({ outcome }) => outcome === 'failed')) break;
  }
  return findings;
}
