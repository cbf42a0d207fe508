/** Whether settings from signed documents fit a device, and which of them it would not follow. */
import { ConfigError, type ConfigProblem, formatProblem } from './config-error.ts';
import { isPush, type PushedLayer } from './layers.ts';
import { type EffectiveValue, type Loaded, type LoadOptions, loadAgent } from './load.ts';
import type { AgentSettings } from './settings.ts';

export type SettingRefusal = 'unknown-setting' | 'forbidden-setting' | 'bad-setting';

export type CheckedPush =
  | {
      readonly ok: true;
      readonly loaded: Loaded<AgentSettings>;
      /** Pushed keys that the device's environment or command line overrides. */
      readonly overridden: readonly string[];
    }
  | { readonly ok: false; readonly refusal: SettingRefusal; readonly problems: readonly ConfigProblem[] };

/**
 * Loads the agent's settings with `options.pushed` in place. Where the agent's own layers are valid, what is wrong is
 * the documents' fault.
 */
export function checkPushed(options: LoadOptions & { readonly pushed: readonly PushedLayer[] }): CheckedPush {
  try {
    const loaded = loadAgent(options);
    return { ok: true, loaded, overridden: overriddenKeys(options.pushed, loaded.values) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    const first = (['unknown-setting', 'forbidden-setting'] as const).find((refusal) =>
      problems.some((problem) => problem.refusal === refusal),
    );
    return { ok: false, refusal: first ?? 'bad-setting', problems };
  }
}

/** The problems in one line, for a report. */
export function problemsLine(problems: readonly ConfigProblem[]): string {
  return problems.map(formatProblem).join('; ');
}

/** Dotted keys of nested settings. */
export function settingKeys(settings: Readonly<Record<string, unknown>>, prefix = ''): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? settingKeys(value as Readonly<Record<string, unknown>>, `${prefix}${name}.`)
      : [prefix + name],
  );
}

function overriddenKeys(
  pushed: readonly PushedLayer[],
  values: readonly EffectiveValue[],
): readonly string[] {
  const keys = new Set(pushed.flatMap(({ settings }) => settingKeys(settings)));
  return values.filter(({ key, origin }) => keys.has(key) && !isPush(origin)).map(({ key }) => key);
}
