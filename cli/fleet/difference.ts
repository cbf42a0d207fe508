/** What a push changes, setting by setting. Pure. */
import { AGENT_KEYS } from '../../config/load.ts';
import { settingKeys } from '../../config/pushed.ts';

export interface Change {
  readonly key: string;
  /** As it was written; undefined: the document did not speak of it. */
  readonly before: unknown;
  readonly after: unknown;
}

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
export function changeLines(changes: readonly Change[]): readonly string[] {
  const width = Math.max(0, ...changes.map(({ key }) => key.length));
  return changes.map(({ key, before, after }) => {
    const { sensitive, default: byDefault = null } = AGENT_KEYS.get(key) ?? {};
    // What a device's own file says is not known here.
    const own = byDefault === null ? 'not pushed' : `not pushed (default ${JSON.stringify(byDefault)})`;
    const show = (value: unknown): string => {
      if (value === undefined) return own;
      return sensitive === true ? '********' : JSON.stringify(value);
    };
    return `  ${key.padEnd(width)}  ${show(before)} -> ${show(after)}`;
  });
}

function valueAt(settings: Settings, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((node, name) => (node as Settings | null | undefined)?.[name], settings);
}
