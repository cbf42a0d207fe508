/** The agent's values as it runs with them: what its state directory says was pushed to it and confirmed lies over the file. */
import { fleetConfig } from '../agent/fleet-setup.ts';
import { readFleetRecord } from '../agent/io/fleet-store.ts';
import { inForce, layersOf, trustedKeys } from '../agent/policy/fleet/layers.ts';
import type { FleetConfig, FleetRecord } from '../agent/policy/fleet/types.ts';
import { loadConfirmed } from '../agent/pushed.ts';
import { type EffectiveValue, type LoadOptions, loadAgent } from '../config/load.ts';
import type { AgentSettings } from '../config/settings.ts';

export interface PushedValues {
  readonly values: readonly EffectiveValue[];
  /** What an origin beside a value cannot say, a line each. */
  readonly notes: readonly string[];
}

/** Throws `ConfigError` when the device's own layers are not valid. */
export function loadPushedValues(options: LoadOptions): PushedValues {
  const base = loadAgent(options);
  // As in the agent: where no key is trusted, nothing pushed is used.
  if (base.settings.fleet.trustedKeys.length === 0) return { values: base.values, notes: [] };
  const config = fleetConfig(base.settings);
  const { record, problem } = readFleetRecord(base.settings.stateDirectory);
  const notes = problem === null ? [] : [`what was pushed is not shown: ${problem}`];
  const load = (pushed: LoadOptions['pushed'] = []) => loadAgent({ ...options, pushed });
  const { leftOut } = loadConfirmed(base.settings, record, config, load, (target, why) =>
    notes.push(`left out, for it does not fit the file: ${target}: ${why}`),
  );
  const usable = record.confirmed.filter(({ hash }) => !leftOut.includes(hash));
  const { values } = load(layersOf(inForce(usable, config)));
  return { values, notes: [...notes, ...notesOn(record, config, base.settings)] };
}

function notesOn(record: FleetRecord, config: FleetConfig, { fleet }: AgentSettings): readonly string[] {
  const { candidate } = record;
  const keys = trustedKeys(record, fleet.trustedKeys, config.ownKeys);
  return [
    ...(candidate === null
      ? []
      : [`on trial, not shown: ${candidate.heard.target} v${candidate.heard.document.version}`]),
    ...(keys === fleet.trustedKeys ? [] : [`trusted instead of fleet.trusted_keys: ${keys.join(', ')}`]),
  ];
}
