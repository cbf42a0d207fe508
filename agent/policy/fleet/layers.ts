/** Which documents lie over the file, in which order, and what follows from them. */
import { formatTarget } from '../../../protocol/configuration.ts';
import type { FleetConfig, FleetLayer, FleetRecord, HeardDocument } from './types.ts';

/** Targets that this device listens to, those that override others last. */
export function targetsOf({ device, groups }: FleetConfig): readonly string[] {
  return [
    ...groups.map((name) => formatTarget({ kind: 'group', name })),
    formatTarget({ kind: 'device', name: device }),
  ];
}

/** Documents in force, in the order in which they lie over each other; `instead` stands in for its target's. */
export function inForce(
  confirmed: readonly HeardDocument[],
  config: FleetConfig,
  instead: HeardDocument | null = null,
): readonly HeardDocument[] {
  const all =
    instead === null ? confirmed : [...confirmed.filter(({ target }) => target !== instead.target), instead];
  return targetsOf(config).flatMap((target) => all.filter((each) => each.target === target));
}

/** As the loader of settings takes them. */
export function layersOf(documents: readonly HeardDocument[]): readonly FleetLayer[] {
  return documents.map(({ document: { target, version, settings } }) => ({
    origin: { kind: target.kind, name: target.name, version },
    settings,
  }));
}

/** The highest version among the confirmed documents in force; null: there is none. */
export function configurationVersion(
  confirmed: readonly HeardDocument[],
  config: FleetConfig,
): number | null {
  const versions = inForce(confirmed, config).map(({ document }) => document.version);
  return versions.length === 0 ? null : Math.max(...versions);
}

/** The keys that documents must be signed with: those pushed, while the file still has the list that they replaced. */
export function trustedKeys(
  { keys }: Pick<FleetRecord, 'keys'>,
  fileKeys: readonly string[],
  ownKeys: string,
): readonly string[] {
  return keys !== null && keys.boundTo === ownKeys ? keys.keys : fileKeys;
}

const MAX_NAMED = 16;

/** The keys that a document sets, for the log: never their values, which may be secret. */
export function settingNames(settings: Readonly<Record<string, unknown>>, prefix = ''): readonly string[] {
  const names = Object.entries(settings).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? settingNames(value as Readonly<Record<string, unknown>>, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
  return names.slice(0, MAX_NAMED);
}
