/** Wires pushed settings: the file that keeps them, the topics that bring them, and what they change. */

import type { AgentSettings } from '../config/settings.ts';
import { CONFIGURATION_TYPE } from '../protocol/configuration.ts';
import type { BootClock } from '../runtime/boot-clock.ts';
import { CodedError } from '../runtime/coded-error.ts';
import { verifyCompact } from '../runtime/jws.ts';
import type { Log } from '../runtime/log.ts';
import type { Agent } from './agent.ts';
import type { Body } from './body.ts';
import { Fleet } from './fleet.ts';
import { createFleetMail, type FleetMail } from './io/fleet-mail.ts';
import { documentHash, openFleetStore } from './io/fleet-store.ts';
import { inForce, layersOf } from './policy/fleet/layers.ts';
import type { FleetConfig, FleetLayer } from './policy/fleet/types.ts';
import { check, type Found, type LoadPushed, loadConfirmed } from './pushed.ts';

/** This program was not written before: a clock that shows less has not been set since the device booted. */
const SINCE_SECONDS = Date.UTC(2026, 10, 1) / 1000;

export interface PushedSettings {
  readonly found: Found;
  readonly mail: FleetMail;
  /** Begins to follow the agent, which need not be there yet. */
  start(body: Body, agent: () => Agent): Fleet;
}

/** Identity and list of trusted keys, as the policy takes them. */
export function fleetConfig({ device, fleet }: Pick<AgentSettings, 'device' | 'fleet'>): FleetConfig {
  return {
    device: device.name,
    groups: device.groups,
    ownKeys: documentHash(JSON.stringify([...fleet.trustedKeys].sort())),
    sinceSeconds: SINCE_SECONDS,
  };
}

/** Null where no key is trusted: then nothing is read, subscribed to or applied. */
export function openPushedSettings(
  base: AgentSettings,
  load: LoadPushed,
  clock: BootClock,
  log: Log,
): PushedSettings | null {
  if (base.fleet.trustedKeys.length === 0) return null;
  const config = fleetConfig(base);
  const store = openFleetStore(base.stateDirectory, log);
  const found = loadConfirmed(base, store.record, config, load, (target, why) =>
    log.write('error', 'configurationLeftOut', `pushed settings no longer fit: ${why}`, { target }),
  );
  const usable = store.record.confirmed.filter(({ hash }) => !found.leftOut.includes(hash));
  let fleet: Fleet | null = null;
  const mail = createFleetMail(base.device, log, (topic, payload) => fleet?.hear(topic, payload));
  const known = new KnownSettings(found.settings, layersOf(inForce(usable, config)));
  return {
    found,
    mail,
    start(body, agent) {
      fleet = new Fleet(
        {
          config,
          fileKeys: base.fleet.trustedKeys,
          store,
          verify: (text, keys) => verifyCompact(text, CONFIGURATION_TYPE, keys),
          check(layers) {
            const { settings, result } = check(layers, base, load, (other) =>
              body.changesWith(other, agent()),
            );
            if (settings !== null) known.checked(layers, settings);
            return result;
          },
          apply: (layers) => body.put(known.apply(layers), agent()),
          versionChanged(version) {
            known.confirmed();
            body.versionChanged(version, agent());
          },
          probe: () => agent().handle({ kind: 'probeWanted' }),
          publish: mail.publish,
          listen: mail.listen,
          wakeChanged: () => agent().wakeChanged(),
          now: () => clock.now(),
          wallSeconds: () => Math.floor(Date.now() / 1000),
          log,
        },
        found,
      );
      return fleet;
    },
  };
}

interface NamedSettings {
  readonly name: string;
  readonly settings: AgentSettings;
}

/** Settings as they were when they were found good: the file may have changed since, and must not spoil the way back. */
class KnownSettings {
  #good: NamedSettings;
  #checked: NamedSettings | null = null;
  #applied: NamedSettings;

  constructor(settings: AgentSettings, layers: readonly FleetLayer[]) {
    this.#good = { name: nameOf(layers), settings };
    this.#applied = this.#good;
  }

  checked(layers: readonly FleetLayer[], settings: AgentSettings): void {
    this.#checked = { name: nameOf(layers), settings };
  }

  /** To be applied now. Throws `NOT_CHECKED` for layers that are neither last-good nor those checked last. */
  apply(layers: readonly FleetLayer[]): AgentSettings {
    const name = nameOf(layers);
    const found = [this.#good, this.#checked].find((each) => each?.name === name);
    if (found == null) throw new CodedError('NOT_CHECKED', `settings that nobody has checked: ${name}`);
    this.#applied = found;
    return found.settings;
  }

  /** The settings in force are last-good from now on. */
  confirmed(): void {
    this.#good = this.#applied;
  }
}

function nameOf(layers: readonly FleetLayer[]): string {
  return JSON.stringify(layers.map(({ origin }) => origin));
}
