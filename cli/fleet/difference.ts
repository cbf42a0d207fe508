/** What a push changes, setting by setting. Pure. */
import { AGENT_KEYS } from '../../config/load.ts';
import { settingKeys } from '../../config/pushed.ts';

export interface Change {
  readonly key: string;
  /** As it was written; undefined: the document did not speak of it. */
  readonly before: unknown;
  readonly after: unknown;
}

/** By key, what a device's own file says, with the file's name. */
export type OwnValues = ReadonlyMap<string, string>;

type Settings = Readonly<Record<string, unknown>>;

/** The settings that differ between two documents, by key. */
export function differences(before: Settings, after: Settings): readonly Change[] {
  const keys = new Set([...settingKeys(before), ...settingKeys(after)]);
  return [...keys]
    .sort()
    .map((key) => ({ key, before: valueAt(before, key), after: valueAt(after, key) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

/** One line for each; what is secret stays so. */
export function changeLines(changes: readonly Change[], ownValues: OwnValues = new Map()): readonly string[] {
  const width = Math.max(0, ...changes.map(({ key }) => key.length));
  return changes.map(({ key, before, after }) => {
    const { sensitive, default: byDefault = null } = AGENT_KEYS.get(key) ?? {};
    const standIn = byDefault === null ? null : `default ${JSON.stringify(byDefault)}`;
    const runs = ownValues.get(key) ?? standIn;
    const own = runs === null ? 'not pushed' : `not pushed (${runs})`;
    const show = (value: unknown): string => {
      if (value === undefined) return own;
      return sensitive === true ? '********' : JSON.stringify(value);
    };
    return `  ${key.padEnd(width)}  ${show(before)} -> ${show(after)}`;
  });
}

/** `against`: the version pushed before; 0: nothing was; null: the monitor was not asked. */
export function basisLine(against: number | null, ownValues: OwnValues): string {
  const basis =
    against === null
      ? 'no settings at all: the monitor was not asked (--dry-run with --version)'
      : against === 0
        ? 'no settings at all: nothing was pushed to it before'
        : `v${against}, which was pushed before`;
  const here = ownValues.size === 0 ? '' : ', here the one that --config names';
  return `The difference is against ${basis}.\nA key that is not pushed is as each device's own file says${here}.`;
}

function valueAt(settings: Settings, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((node, name) => (node as Settings | null | undefined)?.[name], settings);
}
