/** What the device says of its configuration, and the line for its service manager. */
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import { inForce } from './layers.ts';
import { named, usable } from './outcome.ts';
import { type Draft, type FleetConfig, type FleetState, patch } from './types.ts';

const MAX_OVERRIDDEN = 16;

/** `running`: what is confirmed and in force; what is on trial is in `last`. */
export function reportOf(state: FleetState, config: FleetConfig): ConfigurationReport {
  return {
    epoch: state.epoch,
    running: inForce(usable(state), config).map(named),
    last: state.last,
    refusals: state.refusals,
    overridden: state.overridden.slice(0, MAX_OVERRIDDEN),
  };
}

/** What is under way, for `STATUS=`; null: nothing. */
export function remarkOf({ trial, recovery }: FleetState): string | null {
  if (trial !== null)
    return `trying pushed settings (${trial.heard.target} v${trial.heard.document.version})`;
  if (recovery !== null) return `took pushed settings back (${recovery.failure})`;
  return null;
}

/** Says where this device stands, when that is news and somebody can hear it. */
export function tell(draft: Draft): void {
  const { linkUp, reportDue, recovery } = draft.state;
  if (!linkUp || !reportDue || recovery !== null) return;
  draft.effects.push({ kind: 'report', report: reportOf(draft.state, draft.config) });
  patch(draft, { reportDue: false });
}
