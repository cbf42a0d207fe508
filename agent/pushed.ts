/** From pushed documents to settings: which of them fit the file, and what applying one would mean. */
import { ConfigError } from '../config/config-error.ts';
import type { EffectiveValue, Loaded } from '../config/load.ts';
import type { AgentSettings } from '../config/settings.ts';
import { inForce, layersOf } from './policy/fleet/layers.ts';
import type { Checked, FleetConfig, FleetLayer, FleetRecord } from './policy/fleet/types.ts';
import type { Changes } from './policy/fleet/what-changed.ts';

/** The agent's settings with these layers over the file. Throws `ConfigError`. */
export type LoadPushed = (pushed: readonly FleetLayer[]) => Loaded<AgentSettings>;

export interface Found {
  readonly settings: AgentSettings;
  readonly overridden: readonly string[];
  /** Hashes of confirmed documents that do not fit. */
  readonly leftOut: readonly string[];
  readonly version: number | null;
}

/** The settings at the start: as many of the confirmed documents as fit, in their order. */
export function loadConfirmed(
  base: AgentSettings,
  record: FleetRecord,
  config: FleetConfig,
  load: LoadPushed,
  onLeftOut: (target: string, why: string) => void,
): Found {
  let found: Found = { settings: base, overridden: [], leftOut: [], version: null };
  let layers: readonly FleetLayer[] = [];
  for (const heard of inForce(record.confirmed, config)) {
    const next = [...layers, ...layersOf([heard])];
    try {
      const { settings, values } = load(next);
      layers = next;
      found = {
        ...found,
        settings: pinned(settings, base),
        overridden: overriddenOf(next, values),
        version: Math.max(found.version ?? 0, heard.document.version),
      };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      found = { ...found, leftOut: [...found.leftOut, heard.hash] };
      onLeftOut(heard.target, error.message);
    }
  }
  return found;
}

/** What the loader says of a document's settings, as the device says it; the settings, when they can be used. */
export function check(
  layers: readonly FleetLayer[],
  base: AgentSettings,
  load: LoadPushed,
  changesWith: (settings: AgentSettings) => Changes,
): { readonly settings: AgentSettings | null; readonly result: Checked } {
  try {
    const { settings: loaded, values } = load(layers);
    const settings = pinned(loaded, base);
    const { keepalive, socketKeepalive } = settings;
    const isFixed = socketKeepalive.app && keepalive.adaptive === false;
    const plan = {
      reconnects: changesWith(settings).link,
      fixedIntervalMs: isFixed ? keepalive.intervalSeconds * 1000 : null,
      count: keepalive.count,
      overridden: overriddenOf(layers, values),
    };
    return { settings, result: { ok: true, plan } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { settings: null, result: { ok: false, ...refusalOf(error) } };
  }
}

function refusalOf({ problems }: ConfigError): { readonly refusal: string; readonly detail: string } {
  const refusals = problems.map(({ refusal }) => refusal);
  const refusal = (['unknown-setting', 'forbidden-setting'] as const).find((each) => refusals.includes(each));
  return {
    refusal: refusal ?? 'bad-setting',
    detail: problems.map(({ key, problem }) => `${key} ${problem}`).join('; '),
  };
}

/** Who this device is, whom it believes and where it keeps that is what it was started with, whatever the file says now. */
export function pinned(settings: AgentSettings, base: AgentSettings): AgentSettings {
  const { device, fleet, stateDirectory } = base;
  return { ...settings, device, fleet, stateDirectory };
}

/** Keys of the layers that environment or command line have the last word on. */
function overriddenOf(layers: readonly FleetLayer[], values: readonly EffectiveValue[]): readonly string[] {
  const local = values.filter(
    ({ origin }) => origin.layer === 'environment' || origin.layer === 'command line',
  );
  return local
    .map(({ key }) => key)
    .filter((key) => layers.some(({ settings }) => speaksOf(settings, key.split('.'))));
}

function speaksOf(settings: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (typeof settings !== 'object' || settings === null || !Object.hasOwn(settings, name)) return false;
  return speaksOf((settings as Readonly<Record<string, unknown>>)[name], rest);
}
